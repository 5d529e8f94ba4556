import type { Report, Request } from '../protocol.ts';
import type { DeviceChoice } from '../settings.ts';

/** The worker that does all the work, and its end. */
export interface Trainer {
  send(request: Request): void;
  /** Ends the worker, whatever it does, and starts another one on this device. */
  restart(device: DeviceChoice): void;
}

export interface TrainerOptions {
  readonly onReport: (report: Report) => void;
  /** The worker ended by itself; another one must be started. */
  readonly onCrash: (reason: string) => void;
}

/** Makes a trainer without a worker: `restart` starts the first. */
export function createTrainer({ onReport, onCrash }: TrainerOptions): Trainer {
  let worker: Worker | undefined;
  const end = (): void => {
    worker?.terminate();
    worker = undefined;
  };
  const send = (request: Request): void => worker?.postMessage(request);
  return {
    send,
    restart(device) {
      end();
      const started = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module', name: 'trainer' });
      worker = started;
      started.onmessage = ({ data }: MessageEvent<Report>) => {
        if (worker === started) onReport(data);
      };
      const crashed = (reason: string): void => {
        if (worker !== started) return;
        end();
        onCrash(reason);
      };
      started.onerror = (event) => {
        event.preventDefault();
        crashed(event.message || 'it could not be loaded');
      };
      started.onmessageerror = () => crashed('a message could not be read');
      send({ type: 'open', device });
    },
  };
}
