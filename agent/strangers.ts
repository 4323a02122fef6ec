/**
 * Hosts of the file that cannot be understood at a start. Before it is mature, an agent that hears nobody of its group but a host of the
 * file with another key or group must not start to serve: the other one surely does.
 */
import type { ChannelStatus } from './channel/channel.ts';
import type { Config } from './config/config.ts';
import { ExitError, exitCodes } from './exit-codes.ts';

export type StrangersOptions = {
  readonly config: Config;
  readonly channelStatus: () => Promise<ChannelStatus>;
  /** Once it is, nobody is looked for any more. */
  readonly isMature: () => boolean;
  readonly onStranger: (error: ExitError) => void;
};

/** Frames that cannot be read are looked for this often while nobody else is heard. */
const checkIntervalMs = 100;

/** @returns the function that ends the search */
export function lookForStrangers(options: StrangersOptions): () => void {
  const timer = setInterval(() => void look(), checkIntervalMs);
  const end = (): void => clearInterval(timer);
  const look = async (): Promise<void> => {
    if (options.isMature()) return end();
    const error = strangerIn(options.config, await options.channelStatus());
    if (error !== null) options.onStranger(error);
  };
  return end;
}

function strangerIn(config: Config, status: ChannelStatus): ExitError | null {
  if (status.peers.length > 0) return null;
  for (const reason of ['bad-seal', 'unknown-key', 'other-group'] as const) {
    const from = status.refusedFrom[reason];
    const stranger = config.hosts.find(({ paths }) => paths.some((path) => path === from));
    if (stranger === undefined) continue;
    const differs = reason === 'other-group' ? `for another group than ${config.group}` : 'with another key';
    const remedy = reason === 'other-group' ? 'give both the same group' : `copy ${config.keyFile} from there`;
    return new ExitError(exitCodes.foreignKey, `Host ${stranger.name} (${from}) speaks ${differs}: ${remedy}`);
  }
  return null;
}
