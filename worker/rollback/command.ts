import type { RollbackCaller } from './caller.ts';

/** A command is run by `latchkey verify`, where that runs. The hub runs none. */
export const commandRollback: RollbackCaller<'command'> = {
  kind: 'command',
  secrets: () => [],
  call: async () => ({
    ok: false,
    refused: true,
    error:
      'this rollback is a command, and the hub runs no commands: `latchkey verify` does, where it runs itself',
  }),
};
