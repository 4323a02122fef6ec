/** What befalls a contender. Each scenario begins and ends with every host serving and every address held once. */
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../../agent/lab/clock.ts';
import type { LabHost } from '../../agent/lab/lab.ts';
import { startTcpAnswerer } from '../../agent/lab/tcp-probing.ts';
import { bare } from './addresses.ts';
import type { Contender } from './contender.ts';
import type { Stage } from './stage.ts';

export type Scenario = {
  readonly name: string;
  readonly events: readonly EventText[];
  /** About how long it takes. */
  readonly seconds: Readonly<Record<Contender['family'], number>>;
  /** Why the contender cannot be measured in it; null: it can. */
  hindrance(stage: Stage): string | null;
  play(stage: Stage): Promise<void>;
};

export type EventText = {
  /** 'power-loss' */
  readonly name: string;
  readonly title: string;
  readonly explanation: string;
};

/** Where a contender should be done within seconds. */
const usualMs = 8_000;
const soonMs = 500;
/** What is not covered by then is told to go on: the slowest takeover of any contender is under 4 s. */
const foreverMs = 5_000;
const noiseMs = 2_000;
const hangMs = 5_000;
/** What `measured` takes before it lets the event happen: the start of a capture and of the TCP prober, and the lead of the picture. */
const leadMs = 600;
/** Of hosts that do not hear each other: the slowest contender takes over in less. */
const mutedMs = 4_500;

const always = (): null => null;

export const scenarios: readonly Scenario[] = [
  {
    name: 'noise',
    seconds: { holdfast: 4, keepalived: 4, ucarp: 4 },
    events: [
      { name: 'noise', title: 'nothing happens', explanation: 'The noise of the measurement itself, over 3 s.' },
    ],
    hindrance: always,
    async play(stage) {
      const watched = stage.heldByOne(stage.mostLoaded());
      await stage.measured({ event: 'noise', watched, withinMs: usualMs, act: () => pause(noiseMs) });
    },
  },
  {
    name: 'power-loss',
    seconds: { holdfast: 5, keepalived: 6, ucarp: 9 },
    events: [
      { name: 'power-loss', title: 'power loss', explanation: 'A host and its link are gone at once.' },
      {
        name: 'owner-returns',
        title: 'the old owner returns',
        explanation: 'It boots and starts its agent; nothing should move.',
      },
    ],
    hindrance: always,
    async play(stage) {
      const victim = stage.mostLoaded();
      const watched = stage.heldByOne(victim);
      await stage.measured({
        ...{ event: 'power-loss', watched, withinMs: usualMs },
        async act(began) {
          stage.serving.delete(victim.name);
          began(await stage.lab.cutPower(victim));
        },
      });
      await stage.measured({
        ...{ event: 'owner-returns', watched, withinMs: usualMs },
        act: () => bringBack(stage, victim),
      });
    },
  },
  {
    name: 'stop',
    seconds: { holdfast: 3, keepalived: 3, ucarp: 7 },
    events: [{ name: 'stop', title: 'polite stop', explanation: 'As `systemctl stop` does it.' }],
    hindrance: always,
    async play(stage) {
      const victim = stage.mostLoaded();
      await stage.measured({
        ...{ event: 'stop', watched: stage.heldByOne(victim), withinMs: usualMs },
        async act() {
          stage.serving.delete(victim.name);
          await stage.group.stop(victim);
        },
      });
      await startAgain(stage, victim);
    },
  },
  {
    name: 'kill',
    seconds: { holdfast: 4, keepalived: 7, ucarp: 9 },
    events: [
      {
        name: 'kill',
        title: 'agent killed',
        explanation: 'SIGKILL; the host lives on, and so do its addresses at first.',
      },
    ],
    hindrance: always,
    async play(stage) {
      const victim = stage.mostLoaded();
      await stage.measured({
        ...{ event: 'kill', watched: stage.heldByOne(victim), withinMs: foreverMs },
        async act() {
          stage.serving.delete(victim.name);
          await stage.group.kill(victim);
        },
      });
      await reboot(stage, victim);
    },
  },
  {
    name: 'hang',
    seconds: { holdfast: 8, keepalived: 9, ucarp: 9 },
    events: [
      { name: 'hang', title: 'agent hangs', explanation: `SIGSTOP, for ${hangMs / 1000} s.` },
      {
        name: 'resume',
        title: `it goes on after ${hangMs / 1000} s`,
        explanation: 'SIGCONT, to whatever is left of it.',
      },
    ],
    hindrance: always,
    async play(stage) {
      const victim = stage.mostLoaded();
      const watched = stage.heldByOne(victim);
      let frozenMs = 0;
      await stage.measured({
        ...{ event: 'hang', watched, withinMs: foreverMs - 1_000 },
        async act() {
          stage.serving.delete(victim.name);
          stage.group.freeze(victim);
          frozenMs = monotonicMs();
        },
      });
      await pause(Math.max(0, frozenMs + hangMs - leadMs - monotonicMs()));
      await stage.measured({
        ...{ event: 'resume', watched, withinMs: usualMs },
        async act() {
          stage.serving.add(victim.name);
          stage.group.thaw(victim);
        },
      });
      await reboot(stage, victim);
    },
  },
  {
    name: 'move',
    seconds: { holdfast: 2, keepalived: 2, ucarp: 5 },
    events: [{ name: 'move', title: 'moved by hand', explanation: 'An operator asks for another owner.' }],
    hindrance: ({ group }) => (group.move.kind === 'unable' ? group.move.why : null),
    async play(stage) {
      const { move } = stage.group;
      if (move.kind === 'unable') return;
      const [from, to] = [stage.mostLoaded(), stage.leastLoaded()];
      const watched = stage.heldByOne(from);
      await stage.measured({
        ...{ event: 'move', watched, withinMs: usualMs },
        async act() {
          await move.act(watched, from, to);
          await stage.group.watch.until('the address to be there', usualMs, () =>
            stage.group.watch.holders(watched).includes(to.name),
          );
        },
      });
    },
  },
  {
    name: 'restart',
    seconds: { holdfast: 3, keepalived: 3, ucarp: 7 },
    events: [{ name: 'restart', title: 'agent restarted', explanation: 'Stopped politely and started at once.' }],
    hindrance: always,
    async play(stage) {
      const victim = stage.mostLoaded();
      await stage.measured({
        ...{ event: 'restart', watched: stage.heldByOne(victim), withinMs: usualMs },
        async act() {
          await stage.group.stop(victim);
          await stage.group.start(victim);
          await stage.group.joined(victim);
        },
      });
      await stage.answering();
    },
  },
  {
    name: 'reload',
    seconds: { holdfast: 2, keepalived: 2, ucarp: 0 },
    events: [
      {
        name: 'reload',
        title: 'one address added',
        explanation:
          'The file has one address more, and every host reads it anew (SIGHUP). The client asks the others.',
      },
    ],
    hindrance: ({ group }) => (group.addAddress.kind === 'unable' ? group.addAddress.why : null),
    async play(stage) {
      const { addAddress, watch } = stage.group;
      if (addAddress.kind === 'unable') return;
      const extra = stage.extraAddress;
      await stage.measured({
        ...{ event: 'reload', watched: stage.heldByOne(stage.mostLoaded()), withinMs: usualMs },
        async act() {
          await addAddress.act(extra);
          await watch.until('the new address to be held', usualMs, () => watch.holders(bare(extra)).length === 1);
        },
      });
    },
  },
  {
    name: 'muted',
    seconds: { holdfast: 8, keepalived: 9, ucarp: 9 },
    events: [
      {
        name: 'muted',
        title: 'heartbeats blocked',
        explanation: 'The switch passes everything of a host but the frames of the failover protocol.',
      },
      { name: 'unmuted', title: 'heartbeats pass again', explanation: 'Both sides may have had owners meanwhile.' },
    ],
    hindrance: always,
    async play(stage) {
      const victim = stage.mostLoaded();
      const watched = stage.heldByOne(victim);
      await stage.measured({
        ...{ event: 'muted', watched, withinMs: soonMs },
        async act() {
          await stage.lab.block(victim, 'any', stage.contender.protocol);
          await stage.lab.block('any', victim, stage.contender.protocol);
          await pause(mutedMs); // whoever does nothing about it is settled at once
        },
      });
      await stage.measured({
        ...{ event: 'unmuted', watched, withinMs: usualMs, healed: victim },
        async act(began) {
          await stage.lab.unblockAll();
          began(monotonicMs());
          await stage.group.joined(victim);
        },
      });
      await stage.answering();
    },
  },
  {
    name: 'link-down',
    seconds: { holdfast: 6, keepalived: 8, ucarp: 9 },
    events: [
      { name: 'link-down', title: 'link down', explanation: 'The cable of a host is out; its agent runs.' },
      { name: 'link-up', title: 'link up again', explanation: 'The cable is in again.' },
    ],
    hindrance: always,
    async play(stage) {
      const victim = stage.mostLoaded();
      const watched = stage.heldByOne(victim);
      await stage.measured({
        ...{ event: 'link-down', watched, withinMs: usualMs },
        async act() {
          setApart(stage, victim);
          await stage.lab.unplug(victim);
        },
      });
      await stage.measured({
        ...{ event: 'link-up', watched, withinMs: usualMs },
        async act() {
          setTogether(stage, victim);
          await stage.lab.plug(victim);
          await stage.group.joined(victim);
        },
      });
      await stage.answering();
    },
  },
  {
    name: 'cut',
    seconds: { holdfast: 8, keepalived: 11, ucarp: 11 },
    events: [
      {
        name: 'cut',
        title: 'cut off silently',
        explanation: 'Its link stays up; the switch passes none of its frames.',
      },
      { name: 'heal', title: 'cut healed', explanation: 'They pass again; both sides have had owners meanwhile.' },
    ],
    hindrance: always,
    async play(stage) {
      const victim = stage.mostLoaded();
      const watched = stage.heldByOne(victim);
      await stage.measured({
        ...{ event: 'cut', watched, withinMs: usualMs },
        async act() {
          setApart(stage, victim);
          await stage.lab.block(victim, 'any');
          await stage.lab.block('any', victim);
        },
      });
      await pause(1_000); // for the side that is alone to find out
      await stage.measured({
        ...{ event: 'heal', watched, withinMs: usualMs, healed: victim },
        async act(began) {
          setTogether(stage, victim);
          await stage.lab.unblockAll();
          began(monotonicMs()); // nft takes some 20 ms to start
          await stage.group.joined(victim);
        },
      });
      await stage.answering();
    },
  },
];

async function bringBack(stage: Stage, host: LabHost): Promise<void> {
  await stage.lab.restorePower(host);
  await startTcpAnswerer(host.namespace);
  await stage.group.start(host);
  await stage.group.joined(host);
  stage.serving.add(host.name);
}

async function startAgain(stage: Stage, host: LabHost): Promise<void> {
  await stage.group.start(host);
  await stage.group.joined(host);
  stage.serving.add(host.name);
  await stage.answering();
}

/** What an event left of a host is not taken into the next. */
async function reboot(stage: Stage, host: LabHost): Promise<void> {
  await stage.lab.cutPower(host);
  await bringBack(stage, host);
  await stage.answering();
}

function setApart(stage: Stage, host: LabHost): void {
  stage.serving.delete(host.name);
  stage.apart.add(host.name);
}

function setTogether(stage: Stage, host: LabHost): void {
  stage.apart.delete(host.name);
  stage.serving.add(host.name);
}

/** Every event there is, in the order of the reports. */
export const eventTexts: readonly EventText[] = scenarios.flatMap(({ events }) => events);
