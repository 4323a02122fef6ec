/** The composition root: starts an agent, wires its parts together, ends it. The only place that knows them all. */
import { release } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type FileLock, lockFile } from '#native';
import { openBuiltInChannel } from './channel/built-in.ts';
import type { Channel, ChannelEvent } from './channel/channel.ts';
import { ChannelError } from './channel/channel-error.ts';
import { systemNames } from './channel/names.ts';
import { version } from './cli/version.ts';
import type { Config, Host } from './config/config.ts';
import { findHost } from './config/find-host.ts';
import { type KeyRing, readKeyFile } from './config/key-file.ts';
import { readConfig } from './config/read.ts';
import { openControlServer } from './control/server.ts';
import { AgentCore } from './core.ts';
import { makeDirectory } from './directory.ts';
import { type ExitCode, ExitError, exitCodes } from './exit-codes.ts';
import type { InstantMs } from './membership/view.ts';
import { memoryPathOf, readMemory } from './memory-file.ts';
import { fenceMs } from './ownership/quorum.ts';
import { privilegeRefused, requirePrivilege } from './privilege.ts';
import { AddressWatch } from './system/address-watch.ts';
import { systemClock } from './system/clock.ts';
import { interfaceMissing } from './system/eligibility.ts';
import { Guard } from './system/guard.ts';
import { takeOver } from './system/guard-door.ts';
import { listHostAddresses } from './system/host-addresses.ts';
import { InterfaceFinder } from './system/interface-finder.ts';
import { settleLeftovers } from './system/leftovers.ts';
import { LinkTable } from './system/links.ts';
import { type Log, openLog } from './system/log.ts';
import { type MarkedSocket, type Marks, markedSocket } from './system/marks.ts';
import { openNotifier } from './system/notify.ts';
import { openRouteSocket, type RouteSocket } from './system/route-socket.ts';
import type { GuardedAddress } from './wire/guard-message.ts';

export type AgentOptions = {
  readonly config: string;
  /** Which host of the file this is; without it, its addresses say. */
  readonly host?: string;
  /** The control socket; the lock and all else of this run are in the same directory. */
  readonly control: string;
  /** A directory that outlives the agent: what was drained and frozen is kept there. */
  readonly state: string;
};

/**
 * Runs until it is told to stop (SIGHUP: reads the file and the keys anew; SIGTERM, SIGINT: hands its sets over; a second one: releases them at once).
 * @throws ExitError with the kernel as it was, where it cannot start
 */
export async function runAgent(options: AgentOptions): Promise<ExitCode> {
  const log = openLog(
    (line) => process.stderr.write(line),
    process.env.JOURNAL_STREAM !== undefined,
    () => new Date(),
  );
  const config = await readConfig(options.config);
  requirePrivilege();
  requireState(options.state);
  const lock = takeLock(options.control);
  try {
    return await runLocked(options, config, log);
  } catch (error) {
    throw privilegeRefused(error) ?? error;
  } finally {
    lock.release();
  }
}

async function runLocked(options: AgentOptions, config: Config, log: Log): Promise<ExitCode> {
  const socket = openRouteSocket();
  try {
    return await runOn(await markedSocket(socket, release(), config), options, config, log);
  } finally {
    socket.close();
  }
}

async function runOn(
  { route, marks }: MarkedSocket,
  options: AgentOptions,
  config: Config,
  log: Log,
): Promise<ExitCode> {
  if (marks !== null) {
    log.warning(
      `Linux ${release()} does not keep who put an address there (5.18 does): the agent remembers its own, and its guard keeps none`,
    );
  }
  const links = new LinkTable(route);
  const watch = new AddressWatch(route);
  const finder = new InterfaceFinder({ links, watch });
  try {
    const host = await findSelf(config, route, options.host);
    const ring = await readKeyFile(config.keyFile);
    const error = (await links.open()) ?? (await watch.open());
    if (error !== null) throw error;
    if (!host.witness) requireInterfaces(config.sets, finder, links);
    return await serve({ options, config, host, ring, route, marks, links, finder, watch, log });
  } finally {
    finder.close();
    watch.close();
    links.close();
  }
}

type Ground = {
  readonly options: AgentOptions;
  readonly config: Config;
  readonly host: Host;
  readonly ring: KeyRing;
  readonly route: RouteSocket;
  readonly marks: Marks | null;
  readonly links: LinkTable;
  readonly finder: InterfaceFinder;
  readonly watch: AddressWatch;
  readonly log: Log;
};

async function serve(ground: Ground): Promise<ExitCode> {
  const { options, config, host, ring, route, marks, links, finder, watch, log } = ground;
  const early: ChannelEvent[] = []; // between the opening of the channel and the making of the core: the first view
  let core: AgentCore | undefined;
  const channel = await openChannel(config, host, ring, (event) => {
    if (core === undefined) early.push(event);
    else core.onChannelEvent(event);
  });
  const notifier = openNotifier(process.env);
  const directory = resolve(dirname(options.control));
  const { lifetimeSeconds, detectMs, hangMs } = config;
  const guard = new Guard({
    directory,
    lifetimeSeconds,
    detectMs,
    hangMs,
    onTrouble: (message) => log.warning(message),
  });
  let control: Awaited<ReturnType<typeof openControlServer>> | undefined;
  const endings = listenForEndings(log);
  try {
    const path = memoryPathOf(options.state, config.group, host.name);
    const memory = readMemory(path); // before a guard that keeps addresses ends for an agent that cannot start
    const guarded = await takeOverFrom(directory, log);
    const adoptedUntil = fencedUntil(config, guarded);
    marks?.adopt(guarded);
    await guard.start();
    const adopted = await settleLeftovers({ route, links, finder, sets: config.sets, guarded, log });
    const parts = { config, host, route, links, finder, watch, channel, ring, notifier, guard, log };
    const running = new AgentCore({
      ...parts,
      adopted,
      adoptedUntil,
      version: version(),
      memory,
      memoryPath: path,
      guarded: marks === null,
    });
    try {
      control = await openControlServer({ path: options.control, handle: (request) => running.answer(request) });
      log.notice(`agent of ${host.name} in group ${config.group}: ${channel.self}, ${config.sets.length} sets`);
      notifier.ready();
      for (const event of early) running.onChannelEvent(event);
      core = running; // not before: nothing may overtake what waited
      endings.attach(running);
      guard.up();
      return await running.ended;
    } finally {
      notifier.stopping();
      await running.releaseAll();
    }
  } finally {
    await control?.close();
    if (core?.restarting === true) process.exit(exitCodes.restarting); // no goodbye, or the others take over; the guard stays
    await channel.leave();
    await guard.end();
    notifier.close();
    endings.close();
  }
}

function takeLock(control: string): FileLock {
  const directory = dirname(control);
  const path = join(directory, 'agent.lock');
  try {
    makeDirectory(directory);
    return lockFile({ path });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') {
      throw new ExitError(
        exitCodes.agentRunning,
        `Another agent runs on this host: it has ${path} locked; see it with: holdfast status --control ${control}`,
      );
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new ExitError(exitCodes.degraded, `Cannot lock ${path}: ${why}`, { cause: error });
  }
}

/** Asked now, and not when a drain is to be kept. */
function requireState(directory: string): void {
  try {
    makeDirectory(directory);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ExitError(exitCodes.degraded, `Cannot keep what outlives the agent in ${directory}: ${why}`, {
      cause: error,
    });
  }
}

async function findSelf(config: Config, route: RouteSocket, wanted: string | undefined): Promise<Host> {
  const list = await listHostAddresses(route);
  if (list.kind === 'failed') throw list.error;
  const addresses = list.addresses.map(({ address }) => address);
  const host = findHost(config, addresses, wanted);
  const absent = host.paths.filter((path) => !addresses.some((address) => address === path));
  if (absent.length === 0) return host;
  throw new ExitError(
    exitCodes.interfaceUnknown,
    `Path ${absent.join(', ')} of host ${host.name} is not an address of this host; its addresses are ${addresses.join(', ')}`,
  );
}

function requireInterfaces(sets: Config['sets'], finder: InterfaceFinder, links: LinkTable): void {
  const missing = interfaceMissing(sets, finder, links);
  if (missing !== null) throw new ExitError(exitCodes.interfaceUnknown, missing);
}

async function openChannel(
  config: Config,
  host: Host,
  ring: KeyRing,
  onEvent: (event: ChannelEvent) => void,
): Promise<Channel> {
  try {
    const options = { ...config, self: host.name, keys: ring.keys };
    return await openBuiltInChannel(options, onEvent, systemNames, systemClock.every);
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    if (error.code !== 'EADDRINUSE') throw new ExitError(exitCodes.interfaceUnknown, error.message, { cause: error });
    const remedy = `stop it, or set another port in ${config.file} on every host`;
    throw new ExitError(exitCodes.portInUse, `${error.message}: ${remedy}`, { cause: error });
  }
}

/** From the guard of an agent that died: it ends, and what it kept is this agent's business. */
async function takeOverFrom(directory: string, log: Log): Promise<readonly GuardedAddress[]> {
  const taken = await takeOver(directory);
  if (taken.kind === 'done') return taken.value;
  if (taken.kind !== 'no-guard') {
    const why = taken.kind === 'failed' ? taken.why : taken.kind === 'denied' ? 'no permission' : 'its agent lives';
    log.warning(`the guard of an earlier agent does not hand over: ${why}`);
  }
  return [];
}

/** A guard's fence goes on where an agent takes over from it: one that is started again and again would begin it anew each time. */
function fencedUntil(config: Config, guarded: readonly GuardedAddress[]): InstantMs | null {
  if (config.partition !== 'majority') return null;
  const left = guarded.flatMap((address) => (address.fenceMs === 0 ? [] : [address.fenceMs]));
  const leastMs = left.reduce((a, b) => Math.min(a, b), fenceMs(config.heartbeatMs, config.detectMs));
  return (systemClock.now() + leastMs) as InstantMs; // later on the same clock
}

type Endings = {
  /** What came before there was a core is for it now. */
  attach(core: AgentCore): void;
  close(): void;
};

/** Signals and programming errors lead to an end, from before anything is held to after everything is released. */
function listenForEndings(log: Log): Endings {
  let core: AgentCore | undefined;
  let stopped = false;
  const stop = (signal: NodeJS.Signals): void => {
    const again = core?.leaving ?? stopped;
    log.notice(`${signal}: ${again ? 'releasing everything at once' : 'handing over and stopping'}`);
    stopped = true;
    if (again) core?.end(exitCodes.ok);
    else core?.leave();
  };
  const crash = (error: unknown): void => {
    log.error(`a defect of the agent, please report it: ${error instanceof Error ? error.stack : String(error)}`);
    if (core === undefined) process.exit(exitCodes.degraded); // the guard, where one runs, does the rest
    core.end(exitCodes.degraded);
  };
  const reload = (): void => void core?.reload(); // it tells of itself; one that starts has just read the file
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', reload);
  process.on('uncaughtException', crash).on('unhandledRejection', crash);
  return {
    attach(made) {
      core = made;
      if (stopped) core.leave();
    },
    close() {
      process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', reload);
      process.off('uncaughtException', crash).off('unhandledRejection', crash);
    },
  };
}
