import { z } from 'zod';
import type { AnnouncementInput } from '#core/deploy/pipeline/announcement.ts';
import { DEPLOYS_PATH, deployPath, rollbackPath, rollbackResultPath } from '#core/deploy/pipeline/path.ts';
import { Announced, ToldDeploy, type CommandResult } from '#core/deploy/telling/told-deploy.ts';
import { answered, askHub } from '../../hub-request.ts';

/** That the hub has taken it is all that counts. */
const Anything = z.unknown();

/** The hub as a pipeline talks to it, with a service's token. Every method rejects with `HubRequestError`. */
export class DeploysClient {
  readonly #hub: URL;
  readonly #token: string;

  constructor(hub: URL, token: string) {
    this.#hub = hub;
    this.#token = token;
  }

  /** The same announcement twice, with a key, is the same deploy. */
  announce(announcement: AnnouncementInput): Promise<Announced> {
    return this.#ask('POST', DEPLOYS_PATH, Announced, announcement);
  }

  /** The deploy as it stands. */
  deploy(service: string, n: number, signal?: AbortSignal): Promise<ToldDeploy> {
    return this.#ask('GET', deployPath(service, n), ToldDeploy, undefined, signal);
  }

  /** Asks for the rollback; one that is under way already stays as it is. */
  async rollBack(service: string, n: number): Promise<void> {
    await this.#ask('POST', rollbackPath(service, n), Anything, {});
  }

  /** Tells what became of a rollback by command. */
  async commandEnded(service: string, n: number, result: CommandResult): Promise<void> {
    await this.#ask('POST', rollbackResultPath(service, n), Anything, result);
  }

  async #ask<T>(
    method: string,
    path: string,
    schema: z.ZodType<T>,
    body?: object,
    signal?: AbortSignal,
  ): Promise<T> {
    const headers = { authorization: `Bearer ${this.#token}`, accept: 'application/json' };
    const request = body
      ? {
          method,
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }
      : { method, headers };
    return answered(await askHub(this.#hub, path, { ...request, signal }), path, schema);
  }
}
