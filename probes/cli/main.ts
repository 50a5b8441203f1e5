#!/usr/bin/env -S node --
import { stopWithParent } from '../host/stop-signal.ts';

/** A subcommand: gets what follows its name, resolves with the exit status. */
type Command = (argv: readonly string[]) => Promise<number>;

/** Each is loaded only when it is called: a probe needs no hub, and a hub no browser. */
const COMMANDS: Readonly<Record<string, { about: string; load: () => Promise<Command> }>> = {
  start: {
    about: 'all of Latchkey on one machine, to look at and to break',
    load: async () => (await import('./start.ts')).start,
  },
  serve: {
    about: 'the hub on one machine, its state on disk',
    load: async () => (await import('./serve.ts')).serve,
  },
  probe: {
    about: 'a probe: runs checks and reports to a hub',
    load: async () => (await import('./probe.ts')).probe,
  },
  run: {
    about: 'one run of a check, here and now, with its steps',
    load: async () => (await import('./run.ts')).run,
  },
  budget: {
    about: 'worst and expected time-to-page of each check; 1 over 120 s',
    load: async () => (await import('./budget.ts')).budget,
  },
  dns: {
    about: 'DNS answers, now or before a zone is published: too big, for whom, how much room',
    load: async () => (await import('./dns.ts')).dns,
  },
  verify: {
    about: 'a deploy: good or bad within two minutes, rolled back if wanted; for pipelines',
    load: async () => (await import('./verify.ts')).verify,
  },
  drill: {
    about: 'a real page through every channel, measured and resolved',
    load: async () => (await import('./drill.ts')).drill,
  },
  replay: {
    about: 'stored runs under another configuration: what would have been paged',
    load: async () => (await import('./replay.ts')).replay,
  },
  token: {
    about: 'mint the token of a probe, or of a service',
    load: async () => (await import('./token.ts')).token,
  },
};

const [name = '', ...argv] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  const asked = ['', 'help', '--help', '-h'].includes(name);
  if (!asked) console.error(`latchkey: there is no command ${name}\n`);
  console.log('latchkey COMMAND [--help]\n');
  for (const [known, { about }] of Object.entries(COMMANDS)) console.log(`  ${known.padEnd(8)} ${about}`);
  process.exitCode = asked && name !== '' ? 0 : 2;
} else {
  stopWithParent();
  process.exit(await (await command.load())(argv));
}
