import { migrations } from '../../lib/storage/migrations';
import { openDatabase } from '../../lib/storage/sqlite';

/** A process that opens a database file at a moment, Unix time in ms: `file at`. It tells how many migrations are taken. */
const [file = '', at = '0'] = process.argv.slice(2);
while (Date.now() < Number(at));
const database = openDatabase(file, migrations);
const { n } = database.get<{ n: number }>('SELECT count(*) AS n FROM migration')!;
process.stdout.write(String(n));
