/** A valid file, and files that are wrong in one place. */
import { parseConfig } from '../../agent/config/parse.ts';

/** Line 1 to 13; each test that counts lines replaces whole lines or appends. */
export const validLines = [
  'group = "edge"',
  'key_file = "/etc/holdfast/edge.key"',
  'heartbeat = "100ms"',
  '',
  '[host.e1]',
  'paths = ["10.1.0.1", "10.2.0.1"]',
  '',
  '[host.e2]',
  'paths = ["10.1.0.2"]',
  '',
  '[set.www]',
  'interface = "eth0"',
  'addresses = ["192.0.2.10/24", "2001:db8::10/64"]',
] as const;

/** The valid file with some of its lines (counted from 1) replaced, and with lines appended from line 14 on. */
export function edited(replaced: Readonly<Record<number, string>>, ...appended: readonly string[]): string {
  return [...validLines.map((line, index) => replaced[index + 1] ?? line), ...appended, ''].join('\n');
}

/** What is wrong, as it is printed for a file `f`; a valid file gives nothing. */
export function errorsOf(text: string): string[] {
  const parsed = parseConfig(text, 'f');
  if (parsed.ok) return [];
  return parsed.errors.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}
