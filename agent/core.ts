/** A running agent: ownership driven by the channel, the kernel and the operator. */
import type { Channel, ChannelEvent, ChannelStatus } from './channel/channel.ts';
import { Commands, commandOf } from './commands.ts';
import type { Config, Host } from './config/config.ts';
import type { KeyRing } from './config/key-file.ts';
import type { ControlReply, ControlRequest } from './control/protocol.ts';
import { statusOf } from './control/status.ts';
import { OwnershipDriver } from './driver.ts';
import { type ExitCode, ExitError, exitCodes } from './exit-codes.ts';
import { Inbox } from './inbox.ts';
import { Journal } from './journal.ts';
import { lastHeldBy, unheldBy } from './known-holders.ts';
import { hostOf, type InstantMs, type MemberId } from './membership/view.ts';
import { writeMemory } from './memory-file.ts';
import { describeMoves } from './moves.ts';
import { Network } from './network.ts';
import type { Memory } from './ownership/freeze.ts';
import type { SetName } from './ownership/grant.ts';
import { mayClaim } from './ownership/may-claim.ts';
import { frozenRefusal } from './ownership/orders.ts';
import { type Spared, sparedNews, unknownSilent } from './ownership/spared.ts';
import type { SetMove } from './ownership/state.ts';
import { poolOf } from './pool.ts';
import { Rehearsals } from './rehearsal.ts';
import { fingerprintOf, type Reloaded, readAnew, type Settings } from './reload.ts';
import { Reloads } from './reloads.ts';
import { Restart } from './restart.ts';
import { presentOf, Stations } from './stations.ts';
import { lookForStrangers } from './strangers.ts';
import { Suspicion } from './suspicion.ts';
import type { AddressWatch } from './system/address-watch.ts';
import type { Claims } from './system/claims.ts';
import { systemClock } from './system/clock.ts';
import { interfaceMissing } from './system/eligibility.ts';
import type { Guard } from './system/guard.ts';
import type { InterfaceFinder } from './system/interface-finder.ts';
import type { LinkTable } from './system/links.ts';
import type { Log } from './system/log.ts';
import type { Notifier } from './system/notify.ts';
import type { RouteSocket } from './system/route-socket.ts';
import { encodeNeighbours } from './wire/neighbours-message.ts';
import { encodeOwnershipMessage } from './wire/ownership-message.ts';
import { encodeStations } from './wire/stations-message.ts';
import { WitnessWatch } from './witness-watch.ts';

export type CoreOptions = {
  readonly config: Config;
  readonly host: Host;
  readonly route: RouteSocket;
  readonly links: LinkTable;
  readonly finder: InterfaceFinder;
  readonly watch: AddressWatch;
  readonly channel: Channel;
  readonly ring: KeyRing;
  readonly notifier: Notifier;
  readonly guard: Guard;
  /** Whether the kernel marks addresses, so that a guard knows ours. */
  readonly guarded: boolean;
  /** What a guard kept in the kernel since the agent before this one died. */
  readonly adopted: readonly SetName[];
  /** When that guard would have removed it; null: not by time. */
  readonly adoptedUntil: InstantMs | null;
  readonly log: Log;
  readonly version: string;
  /** What the agent before this one kept. */
  readonly memory: Memory;
  /** Where this host keeps what outlives the agent. */
  readonly memoryPath: string;
};

/** A takeover is under way by then: what a view asks for beside it comes after that. */
const afterViewMs = 20;
/** Told of one reload; a file of thousands of new sets is one event. */
const changesMax = 100;

export class AgentCore {
  readonly #options: CoreOptions;
  #settings: Settings;
  readonly #reloads: Reloads;
  readonly #driver: OwnershipDriver;
  readonly #network: Network;
  readonly #claims: Claims;
  readonly #startedAt = systemClock.now();
  readonly #journal: Journal;
  readonly #commands: Commands;
  /** The addresses stay when the agent ends. */
  #abandoned = false;
  /** They stay with the guard, for the next agent. */
  #restarting = false;
  readonly #restart: Restart;
  readonly #stations = new Stations();
  readonly #inbox: Inbox;
  /** null: what is silent is taken over from at once. */
  readonly #suspicion: Suspicion | null;
  /** null: no address is asked, or nothing is held here anyway. */
  readonly #witness: WitnessWatch | null;
  /** As the channel was told. */
  #spared: Spared | null = null;
  readonly #endings: (() => void)[] = [() => this.#cancelAfterView(), () => this.#rehearsals.close()];
  #cancelAfterView: () => void = () => {};
  readonly #rehearsals = new Rehearsals({
    clock: systemClock,
    state: () => this.#driver.state,
    isAtRest: () => !this.#suspected.some((member) => this.#driver.state.view?.members.includes(member)),
  });
  #suspected: readonly MemberId[] = [];
  /** When what outlives a restart is on the disk. UNBOUNDED: operators' commands, one write each. */
  #kept: Promise<void> = Promise.resolve();
  #settleEnd: (code: ExitCode) => void = () => {};
  #failEnd: (error: Error) => void = () => {};
  /** Resolves when the agent is to end; rejects where it may not be in the group. */
  readonly ended: Promise<ExitCode>;

  constructor(options: CoreOptions) {
    this.#options = options;
    this.#settings = { config: options.config, ring: options.ring };
    this.#journal = new Journal(options.log);
    const { config, links, finder, channel, notifier } = options;
    this.#reloads = new Reloads({ notifier, journal: this.#journal, reload: () => this.#reload() });
    this.ended = new Promise((resolve, reject) => {
      this.#settleEnd = resolve;
      this.#failEnd = reject;
    });
    this.ended.catch(() => {}); // it may come before somebody awaits it
    this.#driver = new OwnershipDriver(
      {
        self: channel.self,
        pool: poolOf(config),
        matureMs: config.matureMs,
        adopted: options.adopted,
        adoptedUntil: options.adoptedUntil,
        memory: options.memory,
      },
      {
        send: (messages) => channel.send(...messages.map(encodeOwnershipMessage)),
        claim: (sets) => void this.#claims.claim(sets, unheldBy(this.#driver.state)),
        release: (sets) => void this.#claims.release(sets),
        retire: (sets) => this.#claims.retire(sets),
        announce: (sets) => this.#claims.announce(sets),
        hush: (sets) => this.#claims.hush(sets),
        moved: (moves) => this.#tellMoves(moves),
        done: (id, moves) => this.#commands.done(id, moves),
        refused: (id, why) => this.#commands.refused(id, why),
        remember: (memory) => this.#keep(memory),
        left: () => this.end(exitCodes.ok),
      },
    );
    const ownership = () => this.#driver.state;
    this.#restart = new Restart({
      ...{ channel, ownership, guard: options.guard, journal: this.#journal, guarded: options.guarded },
      onRestarting: (member) => this.#driver.dispatch({ kind: 'restarting', member }),
    });
    this.#commands = new Commands((id, command) => this.#driver.dispatch({ kind: 'command', id, command }));
    this.#network = new Network({
      guard: options.guard,
      config: this.#networkConfig(config),
      ...{ links, finder, route: options.route, watch: options.watch, evidence: channel.evidence },
      mayClaim: (set) => mayClaim(this.#driver.state, set),
      onStations: () => this.#sendStations(),
      onNeighbours: (neighbours) => this.#send(encodeNeighbours(neighbours)),
      onClaimed: (sets) => this.#driver.dispatch({ kind: 'claimed', sets }),
      onClaimFailed: (set, why) => {
        this.#journal.trouble(why);
        this.#driver.dispatch({ kind: 'claim-failed', set, why });
      },
      onReleased: (sets) => this.#driver.dispatch({ kind: 'released', sets }),
      onUnable: (sets) => this.#unable(sets),
      onTrouble: (message) => this.#journal.trouble(message),
      onNote: (message) => this.#options.log.notice(message),
    });
    this.#claims = this.#network.claims;
    this.#inbox = new Inbox({
      onStations: (sender, stations) => {
        this.#network.learn(stations);
        this.#stations.learn(sender, stations);
      },
      onNeighbours: (sender, neighbours) => {
        if (sender !== channel.self) this.#network.learnNeighbours(sender, neighbours);
      },
      onRestart: (sender, message) => this.#restart.deliver(sender, message),
      onMessage: (sender, message) => this.#driver.dispatch({ kind: 'message', sender, message }),
      onTrouble: (text) => this.#journal.trouble(text),
    });
    this.#suspicion = config.takeover === 'immediate' ? null : this.#newSuspicion();
    this.#witness = config.witnessAddresses.length === 0 || options.host.witness ? null : this.#newWitnessWatch();
    this.#claims.adopt(options.adopted, options.adoptedUntil);
    this.#driver.onDecided = () => {
      if (this.#driver.state.answering.size === 0) channel.decided(); // else the one that hurries may be still to come
    };
    this.#driver.onStep = () => {
      this.#suspicion?.inherit(unknownSilent(this.#driver.state));
      this.#tellSpared();
      notifier.status(this.#line());
    };
    this.#network.start();
    this.#driver.dispatch({ kind: 'wakeup' }); // what has to be done by time is, also where nothing else happens
    if (notifier.watchdogIntervalMs !== null) {
      const timer = setInterval(() => notifier.watchdog(), notifier.watchdogIntervalMs);
      this.#endings.push(() => clearInterval(timer));
    }
    this.#endings.push(
      lookForStrangers({
        config,
        channelStatus: () => channel.status(),
        isMature: () => this.#driver.state.mature,
        onStranger: (error) => this.#failEnd(error),
      }),
    );
  }

  get leaving(): boolean {
    return this.#driver.state.leavingUntil !== null;
  }

  onChannelEvent(event: ChannelEvent): void {
    switch (event.kind) {
      case 'view':
        this.#driver.dispatch(event); // before all that does not hurry
        this.#journal.tell(
          `view ${event.view.id.counter}.${hostOf(event.view.id.leader)}: ${event.view.members.map(hostOf).join(' ')}`,
        );
        if (event.view.apart !== undefined && event.view.apart.length > 0)
          this.#tellApart(event.view.apart, event.view.spared === true);
        if (event.view.members.length === 1) this.#witness?.hurry();
        this.#cancelAfterView();
        this.#cancelAfterView = systemClock.after(afterViewMs, () => this.#afterView());
        this.#rehearsals.viewInstalled();
        return;
      case 'deliver':
        this.#inbox.deliver(event.sender, event.payload);
        return;
      case 'suspects':
        this.#suspected = event.members;
        this.#suspicion?.suspect(event.members, event.heard); // asks first
        this.#rehearsals.suspect(event.members);
        return;
      case 'apart':
        this.#tellApart(event.members, event.spared);
        this.#driver.dispatch(event);
        return;
      case 'notice':
        this.#journal.trouble(event.text);
        return;
      case 'path':
        if (event.lost) this.#journal.trouble(`${event.host} is not heard on ${event.address}, only on another path`);
        else this.#journal.tell(`${event.host} is heard on ${event.address} again`);
        return;
      case 'stalled':
        this.#journal.trouble(
          'this host stood still, or was not heard, for longer than the others wait: it claims and announces nothing until they have spoken',
        );
        this.#driver.dispatch({ kind: 'stalled' });
        return;
      case 'lost':
        this.#journal.trouble(`the membership channel is lost: ${event.reason}`);
        this.#driver.dispatch({ kind: 'lost' });
        this.end(exitCodes.degraded); // its service starts it anew, with a channel
        return;
      case 'refused':
        this.#failEnd(new ExitError(exitCodes.nameTaken, `${event.reason}: give every host a name of its own`));
    }
  }

  async answer(request: ControlRequest): Promise<ControlReply> {
    switch (request.kind) {
      case 'status':
        return { ok: true, kind: 'status', status: this.#status(await this.#options.channel.status()) };
      case 'balance':
      case 'move':
      case 'unpin':
      case 'drain':
      case 'undrain':
      case 'freeze':
      case 'thaw':
        return this.#commands
          .run(commandOf(request, hostOf(this.#options.channel.self)))
          .then((reply) => this.#kept.then(() => reply));
      case 'abandon':
        return this.#abandon();
      case 'restart':
        return this.#restartHeld(request.keepSeconds * 1000);
      case 'reload':
        return this.reload();
      case 'announce': {
        const announced = this.#network.announceAgain(request.sets);
        if (typeof announced === 'string') return { ok: false, error: announced };
        this.#journal.tell(`announced again: ${announced.join(' ')}`);
        return { ok: true, kind: 'announce', sets: announced };
      }
    }
  }

  /** Reads the configuration and the keys anew; where anything is wrong, nothing changes. */
  reload(): Promise<ControlReply> {
    return this.#reloads.run();
  }

  /** The end is no leave-taking: to the group it is a silence. */
  get restarting(): boolean {
    return this.#restarting;
  }

  /** Gives everything away, then ends. */
  leave(): void {
    this.#driver.dispatch({ kind: 'leave' });
  }

  end(code: ExitCode): void {
    this.#settleEnd(code);
  }

  /** For the end: nothing is held, announced or answered any more. */
  async releaseAll(): Promise<void> {
    for (const end of this.#endings) end();
    this.#driver.stop();
    this.#suspicion?.close();
    this.#witness?.close();
    if (this.#abandoned || this.#restarting) await this.#network.abandon();
    else await this.#network.close();
    this.#commands.close();
    await this.#kept;
  }

  async #reload(): Promise<ControlReply> {
    const next = await readAnew(this.#settings, this.#options.host.name);
    if (next.kind === 'refused') return { ok: false, error: next.why };
    const why = this.#hindranceTo(next.settings.config);
    return why === null ? this.#takeOver(next) : { ok: false, error: why };
  }

  /** Why this agent cannot have it now; null: it can. */
  #hindranceTo(config: Config): string | null {
    if (this.leaving || this.#abandoned) return 'this agent is leaving';
    if (this.#driver.state.freeze.frozen && config.poolVersion !== this.#config.poolVersion) return frozenRefusal;
    const { finder, links } = this.#options;
    return interfaceMissing(this.#networkConfig(config).sets, finder, links);
  }

  async #takeOver({ settings, changes, keysChanged }: Extract<Reloaded, { kind: 'reloaded' }>): Promise<ControlReply> {
    const { channel } = this.#options;
    const { config, ring } = settings;
    const samePool = config.poolVersion === this.#config.poolVersion;
    if (keysChanged) channel.rekey(ring.keys);
    channel.changeHosts(config.hosts);
    channel.changePeers(config.peers);
    const adjusted = this.#network.change(this.#networkConfig(config));
    if (!samePool) this.#driver.dispatch({ kind: 'pool', pool: poolOf(config) });
    this.#settings = settings; // not before: what failed on the way is a difference still
    void this.#prepareObituary();
    const failures = await adjusted;
    const all = keysChanged ? [...changes, 'the keys are other ones'] : changes;
    const shown = all.slice(0, changesMax);
    if (all.length > shown.length) shown.push(`and ${all.length - shown.length} more`);
    const sealing = fingerprintOf(ring);
    this.#journal.tell(
      `reload: ${shown.join('; ') || 'nothing changes'}; ${ring.keys.length} keys, sealing with ${sealing}`,
    );
    return {
      ...{ ok: true, kind: 'reload', keys: ring.keys.length, sealing },
      ...{ changed: all.length > 0, changes: shown, failures },
    };
  }

  /** Of a witness: without the sets, whose interfaces it may lack. */
  #networkConfig(config: Config): Config {
    return this.#options.host.witness ? { ...config, sets: [] } : config;
  }

  get #config(): Config {
    return this.#settings.config;
  }

  /** Whom to tell may have changed, and who came knows nothing yet. */
  #afterView(): void {
    void this.#prepareObituary();
    this.#sendStations();
    this.#network.tellNeighboursAgain();
  }

  /** Anew in every view. */
  async #prepareObituary(): Promise<void> {
    const { channel, guard, watch } = this.#options;
    const obituary = await channel.obituary();
    await guard.prepare(
      obituary.map((each) => {
        const own = watch.all().find(({ address }) => address === each.source);
        return { ...each, interfaceIndex: own?.interfaceIndex ?? 0 };
      }),
    );
  }

  async #restartHeld(keepMs: number): Promise<ControlReply> {
    const reply = await this.#restart.prepare(this.#config, keepMs);
    if (!reply.ok) return reply;
    this.#restarting = true;
    this.#journal.tell(`restarting: the guard keeps ${reply.sets.length} sets for up to ${keepMs / 1000} s`);
    setImmediate(() => this.end(exitCodes.restarting)); // after the answer is on its way
    return reply;
  }

  /** First the addresses are made to stay, then the group is told, then the agent ends: nobody takes over what stays here. */
  async #abandon(): Promise<ControlReply> {
    const refusals = await this.#claims.makePermanent();
    const reply: ControlReply =
      refusals.length > 0
        ? { ok: false, error: `the addresses would not stay: ${refusals.join('; ')}` }
        : await this.#commands.run({ kind: 'abandon' });
    if (reply.ok) {
      this.#abandoned = true;
      this.#journal.tell('abandoned: the addresses stay, and nobody looks after them');
      setImmediate(() => this.end(exitCodes.ok)); // after the answer is on its way
    } else {
      this.#claims.makeTemporary();
    }
    return reply;
  }

  #keep(memory: Memory): void {
    this.#kept = this.#kept
      .then(() => writeMemory(this.#options.memoryPath, memory))
      .catch((error: Error) => this.#journal.trouble(`${error.message}; a restart of the agent forgets it`));
    const { frozen } = memory.freeze;
    this.#journal.tell(
      `${frozen ? 'the group is frozen' : 'the group is not frozen'}, this host is ${memory.drained ? '' : 'not '}drained`,
    );
  }

  #newSuspicion(): Suspicion {
    return new Suspicion({
      clock: systemClock,
      detectMs: this.#config.detectMs,
      heldBy: (member) => lastHeldBy(this.#driver.state, this.#config.sets, member),
      probe: (address, timeoutMs) => this.#network.whoHas(address, timeoutMs),
      isFrom: (mac, member) =>
        this.#stations.isElsewhere(mac, member, presentOf(this.#driver.state.view, this.#suspected)),
      isExpected: (member) => this.#driver.state.restarting.has(member),
      onChange: (members) => this.#driver.dispatch({ kind: 'answering', members }),
    });
  }

  #newWitnessWatch(): WitnessWatch {
    const { witnessAddresses, detectMs } = this.#config;
    const named = witnessAddresses.join(', ');
    return new WitnessWatch({
      clock: systemClock,
      detectMs,
      ask: (timeoutMs) => this.#network.anyAnswers(witnessAddresses, timeoutMs),
      onChange: (word) => {
        if (word === 'silent') this.#journal.trouble(`no witness address answers: ${named}`);
        else this.#journal.tell(`a witness address answers, of ${named}`);
        this.#driver.dispatch({ kind: 'witness', word });
      },
    });
  }

  #sendStations(): void {
    this.#send(encodeStations(this.#network.stations()));
  }

  /** Beside ownership's messages, for what everybody should know of this host. */
  #send(payload: Uint8Array): void {
    if (this.#driver.state.view !== null) this.#options.channel.send(payload);
  }

  #tellMoves(moves: readonly SetMove[]): void {
    for (const { text, names, alarming } of describeMoves(moves)) {
      if (alarming) this.#journal.trouble(text, names);
      else this.#journal.tell(text, names);
    }
  }

  #tellSpared(): void {
    const news = sparedNews(this.#driver.state, this.#spared);
    if (news === null) return;
    this.#spared = news;
    this.#options.channel.spare(news.members);
  }

  #tellApart(members: readonly MemberId[], spared: boolean): void {
    const others = members.map(hostOf).join(', ');
    if (members.length === 0) this.#journal.tell('this host stands back for nobody any more');
    else {
      const holds = spared ? 'keeps what it has, which they leave to it, and claims nothing' : 'holds nothing';
      this.#journal.trouble(
        `this host hears ${others} in a view without it: it ${holds} until it and all of that view hear each other`,
      );
    }
  }

  #unable(sets: ReadonlyMap<SetName, string>): void {
    const known = this.#driver.state.unable;
    for (const [set, why] of sets)
      if (known.get(set) !== why) this.#journal.tell(`set ${set} cannot be held here: ${why}`);
    for (const set of known.keys()) if (!sets.has(set)) this.#journal.tell(`set ${set} can be held here again`);
    this.#driver.dispatch({ kind: 'unable', sets });
  }

  #status(channel: ChannelStatus): ReturnType<typeof statusOf> {
    return statusOf({
      version: this.#options.version,
      pid: process.pid,
      config: this.#config,
      ownership: this.#driver.state,
      channel,
      passedOver: this.#inbox.passedOver,
      problems: this.#network.problems(),
      conflicts: this.#network.conflicts((set) => this.#driver.state.failed.has(set)),
      neighbours: this.#network.neighbours,
      events: this.#journal.events,
      now: systemClock.now(),
      wallMs: Date.now(),
      startedAt: this.#startedAt,
    });
  }

  /** For `systemctl status`. */
  #line(): string {
    const { view, holdings } = this.#driver.state;
    const members = view === null ? 'no view' : `${view.members.length} of ${this.#config.hosts.length} hosts`;
    return `${holdings.size} of ${this.#config.sets.length} sets here, ${members}`;
  }
}
