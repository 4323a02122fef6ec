/** Which paths of the others are lost, told as that changes: `status` knows the moment, the journal is to know the night before. */
import type { HostName, InstantMs } from '../membership/view.ts';
import type { PeerStatus } from './channel.ts';

export type PathChange = { readonly host: HostName; readonly address: string; readonly lost: boolean };

/** A path is lost after seconds of silence: nobody waits for this. */
const lookMs = 1_000;

export class PathWatch {
  #lost: ReadonlyMap<string, PathChange> = new Map();
  #lookAt = Number.NEGATIVE_INFINITY;

  /** Looks no more often than it takes, however often it is called. */
  look(peersNow: () => readonly PeerStatus[], now: InstantMs): readonly PathChange[] {
    if (now < this.#lookAt) return [];
    this.#lookAt = now + lookMs;
    const changes: PathChange[] = [];
    const lost = new Map<string, PathChange>();
    for (const { host, state, paths } of peersNow()) {
      for (const { address, lost: isLost } of paths) {
        const key = `${host} ${address}`;
        const known = this.#lost.get(key);
        // Of a host that is heard on no path none is back.
        if (isLost || (state === 'silent' && known !== undefined)) {
          const change = known ?? { host, address, lost: true };
          lost.set(key, change);
          if (known === undefined) changes.push(change);
        } else if (known !== undefined) changes.push({ host, address, lost: false });
      }
    }
    this.#lost = lost;
    return changes;
  }
}
