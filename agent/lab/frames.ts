/** What tcpdump tells of a capture of all ports of the switch: who sent what when. Pure. */

export type Frame = {
  /** Monotonic ms, stamped by the kernel when the frame came in at the port, or left by it. */
  readonly atMs: number;
  /** The port it passed; 'p2' is host e2's. */
  readonly port: string;
  /** out: the switch passed it on there. */
  readonly direction: 'in' | 'out';
  readonly broadcast: boolean;
  /** As tcpdump dissects it: `ARP, Request who-has …`, `IP 10.77.0.1 > …`. */
  readonly text: string;
};

// 1795240586.422103 p1    B   ARP, Request who-has 10.77.0.101 …
// 1795240586.422110 p2    Out IP 10.77.0.1.4807 > 239.255.72.68.4807: UDP, length 233
const pattern = /^(\d+)\.(\d+) (p\d+) +(\S+) +(.*)$/;

/** @param text of `tcpdump -tt -n`, cooked @param wallToMonotonicMs what makes a monotonic time of a wall-clock one */
export function parseFrames(text: string, wallToMonotonicMs: number): readonly Frame[] {
  return text.split('\n').flatMap((line) => {
    const [, seconds, fraction, port, type, told] = pattern.exec(line) ?? [];
    if (port === undefined || told === undefined) return []; // the bridge's own copy, or a line that continues
    const atMs = Number(seconds) * 1000 + Number(`0.${fraction}`) * 1000 + wallToMonotonicMs;
    return [{ atMs, port, direction: type === 'Out' ? 'out' : 'in', broadcast: type === 'B', text: told }];
  });
}

/** The address that a frame announces to all by gratuitous ARP, as a request or a reply (RFC 5944 §4.6), or null. */
export function announcedBy(frame: Frame): string | null {
  if (!frame.broadcast) return null;
  const [, target, sender] = /^ARP, Request who-has (\S+) .*\btell (\S+?),/.exec(frame.text) ?? [];
  if (target !== undefined) return target === sender ? target : null;
  return /^ARP, Reply (\S+) is-at/.exec(frame.text)?.[1] ?? null;
}

/** The address that answered an echo request of the client, or null. */
export function echoedBy(frame: Frame): string | null {
  return /^IP6? (\S+) > \S+: ICMP6?,? echo reply/.exec(frame.text)?.[1] ?? null;
}

/** The address that an IP packet comes from, or null. */
export function sentBy({ text }: Frame): string | null {
  return /^IP6? (\d+\.\d+\.\d+\.\d+|[0-9a-f:]+)(?:\.\d+)? > /.exec(text)?.[1] ?? null;
}

/** The address that a station speaks for, as if it had it: announces, answers a question about, or answers an echo request with. */
export function spokenFor(frame: Frame): string | null {
  const { text } = frame;
  const answered = /^ARP, Reply (\S+) is-at/.exec(text) ?? /neighbor advertisement, tgt is (\S+?),/.exec(text);
  return answered?.[1] ?? echoedBy(frame) ?? announcedBy(frame);
}
