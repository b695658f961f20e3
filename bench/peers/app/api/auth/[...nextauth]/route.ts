import { handlers } from '../../../auth-js/auth';

export const { GET, POST } = handlers;
