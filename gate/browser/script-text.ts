// What it really is comes from script-loader.cjs.
export default { phone: '', desktop: '' };
