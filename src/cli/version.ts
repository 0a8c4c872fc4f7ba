// The version, as --version prints it; the same as in package.json.

export const version = "0.1.0";
