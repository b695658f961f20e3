import 'server-only';
import { AppError } from '../errors';
import { singleton } from '../singleton';
import type { Database } from './database';

/** What a caller gets in place of an error of a database that is away. */
type Explanation = (error: unknown) => Promise<unknown>;

const explanation = singleton('database-explanation', () => ({
  explain: (async (error) => new AppError('sessions-unknown', {}, { cause: error })) as Explanation,
}));

/** Says what becomes of such errors in this process. Called once, at boot. */
export function explainUnavailable(explain: Explanation): void {
  explanation().explain = explain;
}

/** A database whose errors, while it is away, are a 503; other errors stay what they are. */
export function explained<D extends Database>(db: D): D {
  const explain =
    <A extends unknown[], T>(action: (...what: A) => Promise<T>) =>
    (...what: A): Promise<T> =>
      action(...what).catch(async (error: unknown) => {
        throw isUnavailable(error) ? await explanation().explain(error) : error;
      });
  return {
    ...db,
    all: explain(db.all),
    get: explain(db.get),
    run: explain(db.run),
    transaction: explain(db.transaction),
    snapshot: explain(db.snapshot),
  };
}

/**
 * Whether a database may answer in a moment: it starts, fails over, is overloaded or full, cannot be reached, or its
 * file is not there. An error of a statement itself is none of these.
 */
export function isUnavailable(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  return UNAVAILABLE_CODES.test(code) || UNAVAILABLE_MESSAGES.test(message);
}

/** Of sockets; of PostgreSQL (connections, resources, shutting down, deadlines, locks, read only); of SQLite. */
const UNAVAILABLE_CODES =
  /^(ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|08\w{3}|53\w{3}|57\w{3}|58\w{3}|40001|40P01|55P03|25006|25P03|SQLITE_(BUSY|LOCKED|FULL|READONLY|IOERR|CANTOPEN)\w*)$/;
/** Errors that have no code: of `pg` and of the engines. */
const UNAVAILABLE_MESSAGES =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Cannot use a pool after|the database (did not answer|is busy|file was moved))/;
