// The thread of a page: what Node runs by its text. See maths-checker.ts.
import * as library from '@cortex-js/compute-engine';
import { serveMaths } from './serve-maths.ts';

const port = {
  receive: (listener: (message: unknown) => void): void => { globalThis.onmessage = ({ data }: MessageEvent) => listener(data); },
  send: (message: unknown): void => { globalThis.postMessage(message); },
};
serveMaths(library as never, port);
port.send({ ready: true });
