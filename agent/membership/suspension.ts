/**
 * A member whose agent does not run is as good as dead, though its thread of heartbeats lives. It says goodbye in them, which is
 * not final as `leave` is: when the agent runs again the same member comes back, and lets go of everything first.
 */
import { type Turn, update } from './turn.ts';

export function suspend(turn: Turn): void {
  if (turn.state.suspended || turn.state.leaveUntil !== null) return;
  update(turn, { suspended: true, agreement: { kind: 'idle' } });
  turn.urgent = true;
}

export function resume(turn: Turn): void {
  if (!turn.state.suspended) return;
  update(turn, { suspended: false, toldOutAt: turn.now });
  turn.effects.push({ kind: 'stalled' });
  turn.reconsider = true;
  turn.urgent = true;
}
