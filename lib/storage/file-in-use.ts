import 'server-only';
import Libsql from 'libsql';

/** Whether any process has a database file open. Leaves it as one complete file where none has. */
export function isFileInUse(path: string): boolean {
  const connection = new Libsql(path);
  try {
    // Only the last connection may give up the WAL.
    connection.prepare('PRAGMA journal_mode = DELETE').all([]);
    return false;
  } catch (error) {
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return true;
    throw error;
  } finally {
    connection.close();
  }
}
