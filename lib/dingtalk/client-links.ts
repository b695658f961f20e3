/** Addresses under which DingTalk's clients open a page of the app, with the company for which they open it. */
export interface ClientLinks {
  /** Phones show an https address in their built-in browser. */
  phone: string;
  /** The client on a computer opens the app in its workbench; an https address would lose the company. */
  desktop: string;
}

/**
 * @param url absolute address of the page
 * @see https://open.dingtalk.com/document/development/unified-routing-protocol
 */
export function clientLinks({
  corpId,
  agentId,
  url,
}: {
  corpId: string;
  agentId: string;
  url: string;
}): ClientLinks {
  const page = new URL(url);
  page.searchParams.set('corpid', corpId);
  const desktop = new URLSearchParams({
    corpid: corpId,
    container_type: 'work_platform',
    app_id: `0_${agentId}`,
    redirect_type: 'jump',
    redirect_url: page.href,
  });
  return { phone: page.href, desktop: `dingtalk://dingtalkclient/action/openapp?${desktop}` };
}
