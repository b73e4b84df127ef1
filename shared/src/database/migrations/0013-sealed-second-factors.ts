/** Room for the secret of an authenticator app as it is sealed (accounts/secret-box.ts). */
export const statements: readonly string[] = ["alter table second_factors modify column secret varchar(255) not null"];
