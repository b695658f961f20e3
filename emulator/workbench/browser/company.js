/**
 * @typedef {object} Company
 * @property {string} corpId
 * @property {string} corpName
 * @property {string} clientId
 * @property {string} homeUrl with $CORPID$ in it
 * @property {string} mainHost where the app is
 * @property {ProtectedHost[]} protectedHosts
 * @property {boolean} hasApp
 * @property {boolean} hasLog whether the app's log can be looked in
 * @property {boolean} hasRules whether the app's access rules can be edited
 * @property {string} otherBrowser where “Open in a browser” leads: the emulator's other loopback name, which has none of the webview's cookies, or the app's home where `appOrigin` is not set
 */

/**
 * A host whose pages others wrote.
 *
 * @typedef {object} ProtectedHost
 * @property {string} host
 * @property {string} name
 * @property {boolean} hasApp whether it has an app of its own in DingTalk
 */

/**
 * @typedef {object} Person
 * @property {string} userid
 * @property {string} name
 * @property {string} title
 * @property {string} avatar
 * @property {string[]} departmentNames
 * @property {boolean} active
 * @property {0 | 1 | 2} adminLevel 1 main administrator, 2 sub-administrator
 */

/** The company that the app is installed in. @returns {Promise<Company>} */
export async function fetchCompany() {
  return (await fetch('company.json')).json();
}

/** Lines of the app's log: the latest warnings, or what contains a text. @param {string} q @returns {Promise<string[]>} */
export async function fetchLog(q) {
  return (await (await fetch(`log.json?${new URLSearchParams({ q })}`)).json()).lines;
}

/**
 * A page of the staff.
 *
 * @param {{ q?: string, userid?: string, admins?: true, offset?: number }} query
 * @returns {Promise<{ people: Person[], total: number }>}
 */
export async function fetchPeople(query) {
  const given = Object.entries(query).map(([name, value]) => [name, String(value)]);
  return (await fetch(`people.json?${new URLSearchParams(given)}`)).json();
}
