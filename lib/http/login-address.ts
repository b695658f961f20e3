import 'server-only';

/** Where people sign in and then go on. @param within minutes, where the page asks for a sign-in as recent as that */
export function loginAddress({
  next,
  linkedCorpId,
  within,
}: {
  next: string;
  linkedCorpId: string | null;
  within?: number | undefined;
}): string {
  const query = new URLSearchParams({ next });
  if (linkedCorpId !== null) query.set('corpid', linkedCorpId);
  if (within !== undefined) query.set('within', String(within));
  return `/login?${query}`;
}

/** The company in a workbench link, under either spelling that is in use. */
export function corpIdIn(parameters: URLSearchParams): string | null {
  return parameters.get('corpid') ?? parameters.get('corpId');
}

/** The company that a page's own address names. @param target path and query */
export function corpIdInTarget(target: string): string | null {
  return corpIdIn(new URLSearchParams(target.split('?')[1]?.split('#')[0]));
}
