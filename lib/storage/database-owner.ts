import 'server-only';
import type { Config } from '../config';
import type { Database } from './database';

/** Whose data a database holds. Another company's directory and sessions must never be shown as this one's. */
export type DatabaseOwner = Pick<Config, 'corpId' | 'clientId' | 'apiUrl'>;

/** The database belongs to another company, app or API address than the settings name. Its message says what to do. */
export class DatabaseOwnerError extends Error {
  constructor(owner: DatabaseOwner, settings: DatabaseOwner) {
    super(
      [
        'dingpass cannot start: the database (DATA_DIR or DATABASE_URL) belongs to another company, app or API address.',
        'dingpass 无法启动：数据库（DATA_DIR 或 DATABASE_URL）属于另一个企业、应用或接口地址。',
        ...NAMES.filter(([, key]) => owner[key] !== settings[key]).map(
          ([name, key]) => `  - ${name}: database 数据库 ${owner[key]} · settings 设置 ${settings[key]}`,
        ),
        'Correct the settings, or name another folder or database.',
        '请改正设置，或改用另一个文件夹或数据库。',
        'To begin anew here (old files are moved aside, nothing is deleted): npm run database -- --begin-anew',
        '要在此重新开始（旧文件移到一旁，不会删除）：npm run database -- --begin-anew',
        ...(owner.corpId === settings.corpId
          ? [
              'It is the same company: to keep the data under the new settings: npm run database -- --adopt',
              '企业相同：要沿用原有数据：npm run database -- --adopt',
            ]
          : []),
      ].join('\n'),
    );
    this.name = 'DatabaseOwnerError';
  }
}

const NAMES = [
  ['DINGTALK_CORP_ID', 'corpId'],
  ['DINGTALK_CLIENT_ID', 'clientId'],
  ['DINGTALK_API_URL', 'apiUrl'],
] as const;

/** Whose the database is; undefined before any process has started on it. */
export function ownerOf(db: Database): Promise<DatabaseOwner | undefined> {
  return db.get<DatabaseOwner>(
    'SELECT corp_id AS "corpId", client_id AS "clientId", api_url AS "apiUrl" FROM database_owner',
  );
}

/** Whether a database of `owner` may be used under these settings. */
export function isOwner(owner: DatabaseOwner, settings: DatabaseOwner): boolean {
  return NAMES.every(([, key]) => owner[key] === settings[key]);
}

/** Binds a database that belongs to none yet. @throws DatabaseOwnerError where it belongs to another */
export async function claimDatabase(db: Database, settings: DatabaseOwner): Promise<void> {
  if (!(await ownerOf(db))) await write(db, settings, 'NOTHING');
  // Another process may have bound it a moment before.
  const owner = (await ownerOf(db))!;
  if (!isOwner(owner, settings)) throw new DatabaseOwnerError(owner, settings);
}

/** Binds a database to these settings, whomever it belonged to. */
export async function adoptDatabase(db: Database, settings: DatabaseOwner): Promise<void> {
  const columns = ['corp_id', 'client_id', 'api_url'].map((name) => `${name} = excluded.${name}`);
  await write(db, settings, `UPDATE SET ${columns.join(', ')}`);
}

function write(db: Database, { corpId, clientId, apiUrl }: DatabaseOwner, onConflict: string) {
  const sql = `INSERT INTO database_owner VALUES (1, ?, ?, ?) ON CONFLICT (one) DO ${onConflict}`;
  return db.run(sql, corpId, clientId, apiUrl);
}
