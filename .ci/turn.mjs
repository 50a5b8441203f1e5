// One set-up at a time: a lock folder that holds its owner's pid.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { say } from './command.mjs';

/** Longer than the longest set-up: npm ci, a browser download and apt each end by their own deadline. */
const WAIT_MS_MAX = 40 * 60_000;
/** Breaking a dead owner's lock takes a millisecond; a breaker this old died on the way. */
const BREAKER_AGE_MS_MAX = 10_000;
const POLL_MS = 200;

/** @param {() => void} act @param {string[]} expected @returns {boolean} false when it failed with an expected code */
function attempt(act, expected) {
  try {
    act();
    return true;
  } catch (error) {
    if (expected.includes(error.code)) return false;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return error.code === 'EPERM';
  }
}

/** @param {string} lockFolder @returns {number | undefined} undefined when nobody has the lock */
function ownerOf(lockFolder) {
  let pid;
  attempt(() => {
    pid = Number(readFileSync(`${lockFolder}/pid`, 'utf8'));
  }, ['ENOENT']);
  return pid;
}

/**
 * Removes the lock of a dead owner. Only one process at a time breaks the lock of a given pid, and it looks again
 * first, so that a lock taken in between by somebody alive is left alone.
 * @param {string} lockFolder
 * @param {number} deadPid
 */
function breakLock(lockFolder, deadPid) {
  const breaker = `${lockFolder}.break-${deadPid}`;
  if (!attempt(() => mkdirSync(breaker), ['EEXIST'])) {
    attempt(() => {
      if (Date.now() - statSync(breaker).mtimeMs > BREAKER_AGE_MS_MAX) rmSync(breaker, { recursive: true });
    }, ['ENOENT']);
    return;
  }
  if (ownerOf(lockFolder) === deadPid) rmSync(lockFolder, { recursive: true, force: true });
  rmSync(breaker, { recursive: true, force: true });
}

/**
 * Waits for the turn to change what is installed. The folder appears with its pid inside in one rename, so no other
 * process ever sees a lock without an owner.
 * @param {string} lockFolder its parent exists
 * @returns {Promise<() => void>} gives the turn back
 */
export async function takeTurn(lockFolder) {
  const mine = `${lockFolder}.${process.pid}`;
  mkdirSync(mine, { recursive: true });
  writeFileSync(`${mine}/pid`, String(process.pid));
  const giveUpAtMs = Date.now() + WAIT_MS_MAX;
  let announced = false;
  // Renaming onto a folder that is not empty fails: that is the exclusion.
  while (!attempt(() => renameSync(mine, lockFolder), ['ENOTEMPTY', 'EEXIST', 'EPERM'])) {
    const owner = ownerOf(lockFolder);
    if (owner !== undefined && !isAlive(owner)) {
      breakLock(lockFolder, owner);
      continue;
    }
    if (!announced) say(`another set-up is at work (process ${owner}); waiting for it`);
    announced = true;
    if (Date.now() > giveUpAtMs) {
      rmSync(mine, { recursive: true, force: true });
      throw new Error(`waited 40 minutes for the set-up of process ${owner}; end it and start again`);
    }
    await wait(POLL_MS);
  }
  return () => {
    if (ownerOf(lockFolder) === process.pid) rmSync(lockFolder, { recursive: true, force: true });
  };
}
