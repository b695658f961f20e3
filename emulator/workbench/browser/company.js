/**
 * @typedef {object} Company
 * @property {string} corpId
 * @property {string} corpName
 * @property {string} clientId
 * @property {string} homeUrl with $CORPID$ in it
 * @property {boolean} hasApp
 */

/**
 * @typedef {object} Person
 * @property {string} userid
 * @property {string} name
 * @property {string} title
 * @property {string} avatar
 * @property {string[]} departmentNames
 * @property {boolean} active
 */

/** The company that the app is installed in. @returns {Promise<Company>} */
export async function fetchCompany() {
  return (await fetch('company.json')).json();
}

/**
 * A page of the staff.
 *
 * @param {{ q?: string, userid?: string, offset?: number }} query
 * @returns {Promise<{ people: Person[], total: number }>}
 */
export async function fetchPeople(query) {
  const given = Object.entries(query).map(([name, value]) => [name, String(value)]);
  return (await fetch(`people.json?${new URLSearchParams(given)}`)).json();
}
