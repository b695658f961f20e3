export { POST } from '@/app/api/session/route';
