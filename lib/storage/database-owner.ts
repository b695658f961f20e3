import 'server-only';
import type { Config } from '../config';
import type { Database } from './sqlite';

/** Whose data a database holds. Another company's directory and sessions must never be shown as this one's. */
export type DatabaseOwner = Pick<Config, 'corpId' | 'clientId' | 'apiUrl'>;

/** The database belongs to another company, app or API address than the settings name. Its message says what to do. */
export class DatabaseOwnerError extends Error {
  constructor(owner: DatabaseOwner, settings: DatabaseOwner) {
    super(
      [
        'dingpass cannot start: the database in DATA_DIR belongs to another company, app or API address.',
        'dingpass 无法启动：DATA_DIR 中的数据库属于另一个企业、应用或接口地址。',
        ...NAMES.filter(([, key]) => owner[key] !== settings[key]).map(
          ([name, key]) => `  - ${name}: database 数据库 ${owner[key]} · settings 设置 ${settings[key]}`,
        ),
        'Correct the settings, or set DATA_DIR to another folder.',
        '请改正设置，或将 DATA_DIR 设为另一个文件夹。',
        'To begin anew here (the old file is moved aside, nothing is deleted): npm run database -- --begin-anew',
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
export function ownerOf(db: Database): DatabaseOwner | undefined {
  return db.get<DatabaseOwner & Record<string, string>>(
    'SELECT corp_id AS corpId, client_id AS clientId, api_url AS apiUrl FROM database_owner',
  );
}

/** Whether a database of `owner` may be used under these settings. */
export function isOwner(owner: DatabaseOwner, settings: DatabaseOwner): boolean {
  return NAMES.every(([, key]) => owner[key] === settings[key]);
}

/** Binds a database that belongs to none yet. @throws DatabaseOwnerError where it belongs to another */
export function claimDatabase(db: Database, settings: DatabaseOwner): void {
  const owner = ownerOf(db);
  if (owner && !isOwner(owner, settings)) throw new DatabaseOwnerError(owner, settings);
  if (!owner) adoptDatabase(db, settings);
}

/** Binds a database to these settings, whomever it belonged to. */
export function adoptDatabase(db: Database, { corpId, clientId, apiUrl }: DatabaseOwner): void {
  db.write(() =>
    db.run('INSERT OR REPLACE INTO database_owner VALUES (1, ?, ?, ?)', corpId, clientId, apiUrl),
  );
}
