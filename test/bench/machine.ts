import { cpus, loadavg, release, totalmem, type } from 'node:os';

const GIB = 1024 ** 3;

/** What the figures were taken on, and how busy it was already: `2 × AMD EPYC, 8 GiB, Linux 6.18, Node 24.21.0, load 0.12`. */
export function describeMachine(): string {
  const cores = cpus();
  const model = cores[0]?.model.trim().replaceAll(/\s+/g, ' ') || 'unknown processor';
  const memoryGib = Math.round(totalmem() / GIB);
  const load = (loadavg()[0] ?? 0).toFixed(2);
  return `${cores.length} × ${model}, ${memoryGib} GiB, ${type()} ${release()}, Node ${process.versions.node}, load ${load}`;
}
