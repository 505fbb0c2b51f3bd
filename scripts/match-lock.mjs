/**
 * Whether what npm installed is what a lock file asks for, whoever called npm.
 *
 * Knows: the `packages` of package-lock.json and of what npm writes into node_modules. May not know: how they are read.
 * Plain JavaScript, since it runs before anything is installed.
 */

const kinds = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/**
 * @param manifest package.json
 * @param lock package-lock.json
 * @param installed node_modules/.package-lock.json
 * @returns whether both hold the same packages (optional ones, which belong to other systems, may be left out), and the
 * lock is that of the manifest
 */
export function matchesLock(manifest, lock, installed) {
  const { "": top, ...wanted } = lock.packages ?? {};
  const found = installed.packages ?? {};
  const isOwn = kinds.every((kind) => isSame(manifest[kind], top?.[kind]));
  const isThere = Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    const own = found[path];
    if (own === undefined) return optional === true;
    return own.version === version && own.integrity === integrity;
  });
  return isOwn && isThere && Object.keys(found).every((path) => Object.hasOwn(wanted, path));
}

const isSame = (one = {}, other = {}) =>
  JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
