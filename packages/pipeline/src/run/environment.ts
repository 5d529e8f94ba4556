import { arch, cpus, platform, totalmem } from 'node:os';
import { version } from '../version.ts';

/** Where a run took place: enough to explain its speed and to repeat its bits. */
export interface Environment {
  readonly llm: string;
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
}

/** This machine; no name of a host or a user. */
export function environment(): Environment {
  const processors = cpus();
  return {
    llm: version,
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${platform()}-${arch()}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
  };
}
