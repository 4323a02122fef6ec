/** `peers`: where members may be that the file does not name as hosts, by address or by a name that is looked up. */
import { parsePath } from './address.ts';
import type { Discovery, PeerEntry } from './config.ts';
import { type ConfigError, type Position, quote } from './config-error.ts';
import { parseIp } from './ip-number.ts';
import { dnsNameLengthMax, nameLengthMax, peersMax } from './limits.ts';
import { placeOf } from './shape.ts';
import type { TomlTable } from './toml.ts';

export function decodePeers(
  texts: readonly (string | undefined)[] | undefined,
  discovery: Discovery,
  table: TomlTable,
  errors: ConfigError[],
): readonly PeerEntry[] {
  if (texts === undefined) return [];
  const at = placeOf(table, 'peers');
  if (discovery.kind !== 'hosts') {
    errors.push({ ...at, message: 'peers has no effect without discovery = "hosts"; write that, or remove peers' });
  }
  if (texts.length > peersMax) {
    errors.push({ ...at, message: `${texts.length} peers are too many; write at most ${peersMax}` });
  }
  const known = new Map<string, Position>();
  const peers: PeerEntry[] = [];
  for (const [index, text] of texts.slice(0, peersMax).entries()) {
    if (text === undefined) continue;
    const place = placeOf(table, 'peers', index);
    const peer = decodePeer(text, place, errors);
    if (peer === undefined) continue;
    const key = peer.kind === 'address' ? peer.address : peer.name;
    const first = known.get(key);
    if (first === undefined) {
      known.set(key, place);
      peers.push(peer);
    } else {
      const message = `${key} is listed already, at ${first.line}:${first.column}; keep one of the two`;
      errors.push({ ...place, message });
    }
  }
  return peers;
}

function decodePeer(text: string, at: Position, errors: ConfigError[]): PeerEntry | undefined {
  const name = text.toLowerCase(); // names of the DNS do not differ by case (RFC 4343)
  if (isDnsName(name)) return { kind: 'name', name };
  if (parseIp(text.split('/')[0] ?? '') === undefined) {
    const message = `${quote(text)} is neither an IP address nor a DNS name; write one such as 192.0.2.7 or edge.example.net`;
    errors.push({ ...at, message });
    return undefined;
  }
  const parsed = parsePath(text);
  if (parsed.kind === 'value') return { kind: 'address', address: parsed.value };
  errors.push({ ...at, message: parsed.message });
  return undefined;
}

/** Labels of letters, digits and inner hyphens; the last one has a letter, or it would be an address (RFC 1123 §2.1). */
function isDnsName(name: string): boolean {
  const labels = name.replace(/\.$/, '').split('.');
  const fits = (label: string): boolean =>
    label.length <= nameLengthMax && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label);
  return name.length <= dnsNameLengthMax && labels.every(fits) && /[a-z]/.test(labels.at(-1) ?? '');
}
