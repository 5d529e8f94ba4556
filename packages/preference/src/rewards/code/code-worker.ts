// The thread of a page: what Node runs by its text. See code-sandbox.ts.
import * as library from 'quickjs-emscripten';
import { serveCode } from './serve-code.ts';

const port = {
  receive: (listener: (message: unknown) => void): void => { globalThis.onmessage = ({ data }: MessageEvent) => listener(data); },
  send: (message: unknown): void => { globalThis.postMessage(message); },
};
void serveCode(library, port).then(() => port.send({ ready: true }));
