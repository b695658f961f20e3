// What it really is comes from app/login/quick/script-loader.cjs.
export default { phone: '', desktop: '' };
