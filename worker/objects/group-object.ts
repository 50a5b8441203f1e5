import { DurableObject } from 'cloudflare:workers';
import { joinGroup, type Candidate } from '#core/group/grouping.ts';
import type { HubBindings } from '../bindings.ts';
import { GroupStore } from '../store/group-store.ts';
import type { GroupRpc } from './rpc.ts';

/** There is one: whoever pages at the same time must meet. */
export const GROUP_NAME = 'pages';

/**
 * Where checks that fail at the same time find the one whose page speaks for all of them. Asked once for an incident, and
 * by nobody while all is well. It only introduces them: what they owe each other they settle between themselves.
 */
export class GroupObject extends DurableObject<HubBindings> implements GroupRpc {
  readonly #store: GroupStore;

  constructor(ctx: DurableObjectState, env: HubBindings) {
    super(ctx, env);
    this.#store = new GroupStore(ctx.storage.sql);
  }

  join(candidate: Candidate, over?: string): string | undefined {
    const { groups, lead } = joinGroup(this.#store.groups(), candidate, over, Date.now());
    this.#store.putGroups(groups);
    return lead;
  }
}
