import { migrate } from '../../lib/storage/migrate';
import { recordsMigrations } from '../../lib/storage/migrations';
import { openSqlite } from '../../lib/storage/sqlite';

/** A process that opens a database file at a moment, Unix time in ms: `file at`. It tells how many migrations are taken. */
const [file = '', at = '0'] = process.argv.slice(2);
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(0, Number(at) - Date.now()));
const db = await openSqlite(file);
await migrate(db, recordsMigrations);
const { n } = (await db.get<{ n: number }>('SELECT count(*) AS n FROM migration'))!;
process.stdout.write(String(n));
