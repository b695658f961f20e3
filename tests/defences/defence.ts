/** The smallest edit of a source that switches a defence off. */
export interface Edit {
  file: string;
  /** Stands in the file once. */
  from: string;
  to: string;
}

/** A defence, and the test that fails when it is off. */
export interface Defence extends Edit {
  name: string;
  /** Where another line defends against the same: switched off together, as either alone is enough. */
  also?: readonly Edit[];
  test: string;
  /** Words of the test's name; without them, any test of the file may fail. */
  only?: string;
  /** Where the test is of the built app: in which build it is off. What would hide another's failure is in the other. */
  build?: 'first' | 'second';
}
