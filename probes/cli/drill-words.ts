import { DRILL_MS, isAcceptedInTime, type DrillChannel, type ToldDrill } from '#core/network/drill.ts';
import { formatMs } from '#core/units.ts';

/** What a drill has shown, as `--json` prints it; stable. Times count from the decision, milliseconds. */
export type DrillReport = {
  drill: number;
  passed: boolean;
  /** By the hub's clock, epoch ms. */
  decidedAtMs: number;
  channels: {
    channel: string;
    accepted: boolean;
    attempts: number;
    sentAfterMs?: number;
    acceptedAfterMs?: number;
    providerId?: string;
    error?: string;
  }[];
  acknowledged?: { by: string; via: string; afterMs: number };
};

/** The report of a drill that is over. */
export function drillReport(drill: ToldDrill): DrillReport {
  const { n, decidedMs, acknowledged } = drill;
  return {
    drill: n,
    passed: drill.passed === true,
    decidedAtMs: decidedMs,
    channels: drill.channels.map((channel) => {
      const { sentMs, acceptedMs, providerId, error } = channel;
      return {
        channel: channel.channel,
        accepted: isAcceptedInTime(drill, channel),
        attempts: channel.attempts,
        ...(sentMs === undefined ? {} : { sentAfterMs: sentMs - decidedMs }),
        ...(acceptedMs === undefined ? {} : { acceptedAfterMs: acceptedMs - decidedMs }),
        ...(providerId === undefined ? {} : { providerId }),
        ...(error === undefined ? {} : { error }),
      };
    }),
    ...(acknowledged
      ? {
          acknowledged: {
            by: acknowledged.by,
            via: acknowledged.via,
            afterMs: acknowledged.atMs - decidedMs,
          },
        }
      : {}),
  };
}

/** A line for each thing that is certain by now, by a key of its own: what has been said is not said again. */
export function drillLines(drill: ToldDrill): Map<string, string> {
  const { n, channels, acknowledged, decidedMs, waitsForAcknowledgement } = drill;
  const isOver = drill.passed !== undefined;
  const width = Math.max(0, ...channels.map(({ channel }) => channel.length));
  const lines = new Map([
    ['began', `Drill ${n} goes to ${channels.map(({ channel }) => channel).join(', ')}.`],
  ]);
  for (const channel of channels) {
    const words = channelWords(drill, channel, isOver);
    if (words !== undefined)
      lines.set(`channel ${channel.channel}`, `  ${channel.channel.padEnd(width)}  ${words}`);
  }
  if (acknowledged) {
    const { by, via, atMs } = acknowledged;
    lines.set('acknowledged', `  acknowledged by ${by} (${via}) after ${formatMs(atMs - decidedMs)}`);
  } else if (isOver && waitsForAcknowledgement) lines.set('acknowledged', '  acknowledged by nobody');
  if (isOver) lines.set('over', verdict(drill));
  return lines;
}

function channelWords(drill: ToldDrill, channel: DrillChannel, isOver: boolean): string | undefined {
  const { acceptedMs, sentMs, providerId, refused, error, attempts } = channel;
  if (acceptedMs !== undefined) {
    const took = formatMs(acceptedMs - drill.decidedMs);
    const details = [
      ...(sentMs === undefined ? [] : [`sent after ${formatMs(sentMs - drill.decidedMs)}`]),
      ...(attempts > 1 ? [`${attempts} attempts`] : []),
      ...(providerId === undefined ? [] : [`id ${providerId}`]),
    ];
    const late = isAcceptedInTime(drill, channel) ? '' : ', too late';
    return `accepted after ${took}${late} (${details.join(', ')})`;
  }
  if (refused) return `refused: ${error ?? 'no reason given'}`;
  return isOver ? `not accepted within ${formatMs(DRILL_MS)}: ${error ?? 'no answer'}` : undefined;
}

function verdict(drill: ToldDrill): string {
  const accepted = drill.channels.filter((channel) => isAcceptedInTime(drill, channel));
  const count = `accepted by ${accepted.length} of ${drill.channels.length} channels`;
  const slowestMs = Math.max(0, ...accepted.map(({ acceptedMs }) => (acceptedMs ?? 0) - drill.decidedMs));
  const slowest = accepted.length > 0 ? `, the slowest after ${formatMs(slowestMs)}` : '';
  return `Drill ${drill.n} ${drill.passed ? 'passed' : 'failed'}: ${count}${slowest}.`;
}
