/**
 * How the instances on one Postgres hear of one another's revocations (contract ruling 12; promises P5, P6).
 *
 * The notice travels with the commit that ended something. Whoever hears it forgets what it knew and says so; the one
 * who revoked answers when all have, or when nothing kept in memory can be that old any more, whichever is first. The
 * connection that listens also keeps this instance on the list of those to be waited for, and measures the clock.
 * Must never let an instance that hears nothing rely on what it knew.
 */
import type { LocalClocks, MeasuredTime } from './database-time.ts';

/** A connection that stays; open-postgres.ts makes it from the driver. Every query is bounded in time. */
export interface ListeningConnection {
  query(text: string, params?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  onNotice(hear: (channel: string, payload: string) => void): void;
  /** Called once, when the connection is no more. */
  onEnd(ended: () => void): void;
  end(): Promise<void>;
}

export interface ReachSettings {
  /** This instance's name: letters, digits, `_` and `-`. */
  readonly instance: string;
  /** For how long anything about access is kept in memory by any instance; 0 when nothing is. */
  readonly boundMs: number;
  readonly connect: () => Promise<ListeningConnection>;
  readonly time: MeasuredTime;
  readonly clocks: LocalClocks;
  readonly log: (message: string) => void;
}

/** One notice of this instance, from before its commit until everybody has heard it. */
export interface Notice {
  readonly channel: string;
  readonly payload: string;
  /** To be called when the commit has returned, or will never: from then on everybody is waited for. */
  sent(): void;
  /** Resolves when no instance can say yes any more. Never rejects. */
  heard(): Promise<void>;
}

export interface Reach {
  /** Prepares a notice; its payload is to be sent on its channel inside the transaction. */
  announce(): Notice;
  /** See VerdictStore.mark. */
  mark(): number | undefined;
  close(): Promise<void>;
}

const ENDED = 'consent_broker_ended';
const answerChannel = (instance: string): string => `consent_broker_heard_${instance}`;
const INSTANCE = /^[A-Za-z0-9_-]{1,40}$/;

const HEARTBEAT_MS = 5_000;
/** After this long without a heartbeat an instance is not waited for; many times what anything is kept in memory. */
const ON_LIST_SECONDS = 20;
const RECONNECT_MS = 250;
const NAME = 'instance:';

/** One round trip: keeps this instance on the list, takes dead ones off it, and reads the clock. */
const HEARTBEAT = `with seen as (select extract(epoch from clock_timestamp()) as at), gone as (
    delete from leases where name like '${NAME}%' and name <> $1 and expires_at <= (select at from seen)
  ), kept as (
    insert into leases (name, holder, expires_at) select $1, $2, floor(at)::bigint + ${ON_LIST_SECONDS} from seen
    on conflict (name) do update set expires_at = excluded.expires_at
  ) select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`;
const OTHERS = `select holder from leases where name like '${NAME}%' and name <> $1
  and expires_at > extract(epoch from clock_timestamp())`;

/** Resolves once this instance listens, is on the list, and knows the time; rejects when the database does not answer. */
export async function openReach(settings: ReachSettings): Promise<Reach> {
  if (!INSTANCE.test(settings.instance)) throw new Error('an instance has an odd name');
  const reach = new Listening(settings);
  await reach.listen();
  return reach;
}

interface Pending {
  readonly answered: Set<string>;
  readonly check: () => void;
}

class Listening implements Reach {
  private connection: ListeningConnection | undefined;
  private readonly settings: ReachSettings;
  private readonly pending = new Map<string, Pending>();
  private generation = 1;
  private notices = 0;
  private closed = false;
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(settings: ReachSettings) {
    this.settings = settings;
  }

  mark(): number | undefined {
    return this.connection === undefined ? undefined : this.generation;
  }

  /** In this order: whoever is on the list already listens, and relies on nothing it knew before. */
  async listen(): Promise<void> {
    const { instance, connect } = this.settings;
    const connection = await connect();
    connection.onNotice((channel, payload) => this.hear(connection, channel, payload));
    connection.onEnd(() => this.lost(connection));
    try {
      await connection.query(`listen ${ENDED}`);
      await connection.query(`listen "${answerChannel(instance)}"`);
      await this.beat(connection);
    } catch (error) {
      await connection.end();
      throw error;
    }
    if (this.closed) return connection.end();
    this.generation += 1;
    this.connection = connection;
    this.heartbeat = setInterval(() => {
      this.beat(connection).catch(() => void connection.end());
    }, HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  announce(): Notice {
    this.notices += 1;
    const id = `${this.notices}`;
    const answered = new Set<string>();
    let settle: () => void = () => undefined;
    const heard = new Promise<void>((resolve) => {
      settle = resolve;
    });
    this.pending.set(id, { answered, check: () => undefined });
    return {
      channel: ENDED,
      payload: `${this.settings.instance} ${id}`,
      sent: () => {
        this.generation += 1;
        void this.untilHeard(id, answered).then(settle);
      },
      heard: () => heard,
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.heartbeat);
    const connection = this.connection;
    this.connection = undefined;
    await connection
      ?.query('delete from leases where name = $1', [NAME + this.settings.instance])
      .catch(() => undefined);
    await connection?.end();
  }

  private async beat(connection: ListeningConnection): Promise<void> {
    const { instance, clocks, time } = this.settings;
    const asked = clocks.steady();
    const [row] = await connection.query(HEARTBEAT, [NAME + instance, instance]);
    if (typeof row?.ms === 'number') time.measured(row.ms, asked, clocks.steady());
  }

  private hear(connection: ListeningConnection, channel: string, payload: string): void {
    const [from = '', id = ''] = payload.split(' ');
    if (channel !== ENDED) {
      this.pending.get(id)?.answered.add(from);
      this.pending.get(id)?.check();
    } else if (from !== this.settings.instance) {
      this.generation += 1;
      if (!INSTANCE.test(from)) return;
      const answer = [answerChannel(from), `${this.settings.instance} ${id}`];
      connection.query('select pg_notify($1, $2)', answer).catch(() => void connection.end());
    }
  }

  /** What was known may be out of date from this moment on, and stays unused until this instance listens again. */
  private lost(connection: ListeningConnection): void {
    if (this.connection !== connection) return;
    this.connection = undefined;
    this.generation += 1;
    clearInterval(this.heartbeat);
    if (this.closed) return;
    this.settings.log('this instance does not hear of revocations for now; it asks the database every time');
    this.listenAgain();
  }

  private listenAgain(): void {
    const timer = setTimeout(() => {
      if (this.closed) return;
      this.listen().catch(() => this.listenAgain());
    }, RECONNECT_MS);
    timer.unref();
  }

  /** The list is read after the commit: whoever joins it later has read nothing from before. */
  private async untilHeard(id: string, answered: Set<string>): Promise<void> {
    const { boundMs, instance } = this.settings;
    let timer: NodeJS.Timeout | undefined;
    const tooOld = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, boundMs);
    });
    const all = this.others(NAME + instance).then(
      (others) =>
        new Promise<void>((resolve) => {
          const check = () => {
            if (others.every((other) => answered.has(other))) resolve();
          };
          this.pending.set(id, { answered, check });
          check();
        }),
    );
    // Where the list cannot be had, nothing but the bound remains.
    await Promise.race([tooOld, boundMs === 0 ? undefined : all.catch(() => tooOld)]);
    clearTimeout(timer);
    this.pending.delete(id);
  }

  private async others(own: string): Promise<readonly string[]> {
    if (this.connection === undefined) throw new Error('not connected');
    return (await this.connection.query(OTHERS, [own])).map(({ holder }) => String(holder));
  }
}
