export { onRequestError, register } from '../../instrumentation';
