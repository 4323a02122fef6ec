/** From one line of a client to a request, or to what is wrong with it. Strict: a field this agent does not know may matter. */
import { isUtf8 } from 'node:buffer';
import type { ControlRequest } from './protocol.ts';

export type ParsedRequest =
  | { readonly ok: true; readonly request: ControlRequest }
  | { readonly ok: false; readonly error: string };

/** @param line without its newline; any bytes */
export function parseRequest(line: Uint8Array): ParsedRequest {
  if (!isUtf8(line)) return refuse('the request is not UTF-8');
  const value = parseJson(new TextDecoder().decode(line));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('the request is not a JSON object on one line, such as {"kind":"status"}');
  }
  const kind = 'kind' in value ? value.kind : undefined;
  if (!isKind(kind)) return refuse(`unknown kind ${quote(kind)}: this agent answers ${kinds.join(', ')}`);
  const unknown = Object.keys(value).filter((field) => field !== 'kind' && !fields[kind].includes(field));
  if (unknown.length > 0) return refuse(`unknown field ${quote(unknown[0])} in a ${kind} request`);
  return { ok: true, request: { kind } };
}

/** Fields beside `kind`, for every kind there is: a new one does not compile before it is listed. */
const fields: Readonly<Record<ControlRequest['kind'], readonly string[]>> = { status: [], balance: [] };

const kinds = Object.keys(fields);

function isKind(kind: unknown): kind is ControlRequest['kind'] {
  return typeof kind === 'string' && Object.hasOwn(fields, kind);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const quotedCharactersMax = 40;

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > quotedCharactersMax ? `${text.slice(0, quotedCharactersMax)}…` : text;
}

function refuse(error: string): ParsedRequest {
  return { ok: false, error };
}
