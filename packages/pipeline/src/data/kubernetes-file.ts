import { stringify } from 'yaml';
import type { NamedText } from './slurm-files.ts';

export interface KubernetesOptions {
  /** The words of `llm data`, paths as the container sees them. */
  readonly words: readonly string[];
  /** Pods, all at the same time: they wait for one another between the stages. */
  readonly processes: number;
  readonly workers: number;
  readonly name: string;
  readonly image: string;
  /** Persistent volume claim that all pods can write to, and where it is mounted. */
  readonly claim: string;
  readonly mount: string;
  readonly memGib?: number | undefined;
}

const RETRIES = 3;

/** An indexed job whose pods share the tasks; a pod that is ended is started again and goes on where it was. */
export function kubernetesFile({ words, processes, workers, name, image, claim, mount, memGib }: KubernetesOptions): NamedText {
  const amounts = { cpu: String(workers), ...(memGib === undefined ? {} : { memory: `${memGib}Gi` }) };
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      completionMode: 'Indexed',
      completions: processes,
      parallelism: processes,
      backoffLimitPerIndex: RETRIES,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [{
            name: 'data',
            image,
            command: [...words],
            env: [{ name: 'LLM_WORLD_SIZE', value: String(processes) }],
            resources: { requests: amounts, limits: amounts },
            volumeMounts: [{ name: 'data', mountPath: mount }],
          }],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
        },
      },
    },
  };
  return ['job.yaml', stringify(job, { lineWidth: 0 })];
}
