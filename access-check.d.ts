export interface CheckedFile {
  /** From the root, such as `app/(internal)/me/page.tsx`. */
  path: string;
  text: string;
}
export function codeOf(text: string): string;
export function publicAddressesIn(text: string): string[];
export function findOpenFile(file: CheckedFile, publicAddresses: readonly string[]): string[];
export function findOpenFiles(root: string): string[];
export function describeOpenFiles(root: string): string | undefined;
