import { join } from 'node:path';
import { z } from 'zod';
import { readFileIfThere, replaceFile } from './journal.ts';

const BootState = z.strictObject({ boot: z.int().min(0) });

/**
 * A boot number for this process: its start (epoch ms), but above `newestBoot` and above every number given out for this
 * directory, whatever the machine's clock has done.
 */
export async function nextBoot(directory: string, startedAtMs: number, newestBoot: number): Promise<number> {
  return Math.max(startedAtMs, (await lastBoot(directory)) + 1, newestBoot + 1);
}

/** Notes that the number is given out. Rejects with the system's error; the number before stays noted then. */
export function keepBoot(directory: string, boot: number): Promise<void> {
  return replaceFile(fileIn(directory), JSON.stringify({ boot }));
}

async function lastBoot(directory: string): Promise<number> {
  const text = await readFileIfThere(fileIn(directory));
  if (text === undefined) return -1;
  try {
    return BootState.parse(JSON.parse(text)).boot;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return -1;
    throw error;
  }
}

function fileIn(directory: string): string {
  return join(directory, 'boot.json');
}
