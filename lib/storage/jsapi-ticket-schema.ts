import 'server-only';

/** The one ticket that pages are signed with, sealed: all processes use the same. */
export const jsapiTicketSchema = `
CREATE TABLE jsapi_ticket (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  sealed TEXT NOT NULL
);
`;
