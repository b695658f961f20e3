/** Pairs of characters, `<traditional> <simplified>`, parted by `|`. The package has no types for its tables. */
declare module 'opencc-js/dict/*' {
  const pairs: string;
  export default pairs;
}
