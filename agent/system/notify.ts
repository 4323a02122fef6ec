/** What a service tells systemd (sd_notify(3)): datagrams to the socket named by NOTIFY_SOCKET. Without it, nothing is said. */
import { type NativeSocket, openUnixDatagram } from '#native';

export type NotifyEnvironment = {
  readonly NOTIFY_SOCKET?: string | undefined;
  readonly WATCHDOG_USEC?: string | undefined;
  readonly WATCHDOG_PID?: string | undefined;
};

export class Notifier {
  readonly #socket: NativeSocket | null;
  readonly #path: string;
  /** How often to call watchdog(), or null where nobody watches: half of what systemd allows, as it advises. */
  readonly watchdogIntervalMs: number | null;

  constructor(socket: NativeSocket | null, path: string, watchdogIntervalMs: number | null) {
    this.#socket = socket;
    this.#path = path;
    this.watchdogIntervalMs = watchdogIntervalMs;
  }

  ready(): void {
    this.#say('READY=1');
  }

  /** To be followed by ready(). systemd wants to know since when (Type=notify-reload), by CLOCK_MONOTONIC. */
  reloading(): void {
    this.#say('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  stopping(): void {
    this.#say('STOPPING=1');
  }

  /** One line, for `systemctl status`. */
  status(text: string): void {
    this.#say(`STATUS=${text.replaceAll('\n', ' ')}`);
  }

  watchdog(): void {
    this.#say('WATCHDOG=1');
  }

  close(): void {
    this.#socket?.close();
  }

  /** A service manager that does not listen (restarting, gone) is no reason to fail: the next call may reach it. */
  #say(...assignments: string[]): void {
    try {
      this.#socket?.send(Buffer.from(assignments.join('\n')), { path: this.#path });
    } catch {
      // It says by itself, by its watchdog and its timeouts, that it heard nothing.
    }
  }
}

/** @param environment of this process */
export function openNotifier(environment: NotifyEnvironment): Notifier {
  const name = environment.NOTIFY_SOCKET ?? '';
  // '@' stands for the zero byte of an abstract name; anything else (vsock:) is not for a process on this machine.
  const path = name.startsWith('@') ? `\0${name.slice(1)}` : name;
  if (!name.startsWith('@') && !name.startsWith('/')) return new Notifier(null, '', null);
  try {
    const socket = openUnixDatagram({ path: '' }, { onMessage() {}, onError() {} });
    socket.unref(); // it only sends
    return new Notifier(socket, path, watchdogInterval(environment));
  } catch {
    return new Notifier(null, '', null);
  }
}

function watchdogInterval(environment: NotifyEnvironment): number | null {
  const microseconds = Number(environment.WATCHDOG_USEC ?? '');
  if (!Number.isInteger(microseconds) || microseconds <= 0) return null;
  const pid = environment.WATCHDOG_PID ?? '';
  return pid === '' || Number(pid) === process.pid ? microseconds / 2000 : null;
}
