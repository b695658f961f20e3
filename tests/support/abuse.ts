import corpus from '../corpora/abuse-load.json';

export interface AbuseEntry {
  id: string;
  name: string;
  setup: Record<string, unknown>;
  expect: string;
}

/** An entry of the corpus of floods. */
export function entry(id: string): AbuseEntry {
  const found = (corpus.entries as unknown as AbuseEntry[]).find((candidate) => candidate.id === id);
  if (!found) throw new Error(`the corpus has no ${id}`);
  return found;
}
