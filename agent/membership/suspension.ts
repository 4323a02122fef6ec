/**
 * A member whose agent does not run is as good as dead, though its thread of heartbeats lives. It says goodbye in them, which is
 * not final as `leave` is: when the agent runs again the same member comes back, and lets go of everything first.
 */
import type { Turn } from './turn.ts';

export function suspend(turn: Turn): void {
  if (turn.state.suspended || turn.state.leaveUntil !== null) return;
  turn.state.suspended = true;
  turn.state.agreement = { kind: 'idle' };
  turn.urgent = true;
}

export function resume(turn: Turn): void {
  if (!turn.state.suspended) return;
  turn.state.suspended = false;
  turn.state.toldOutAt = turn.now;
  turn.effects.push({ kind: 'stalled' });
  turn.reconsider = true;
  turn.urgent = true;
}
