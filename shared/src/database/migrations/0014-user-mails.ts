/** Mails to users about what happened to their account or results: written with the event, sent once. */
export const statements: readonly string[] = [
  `create table if not exists user_mails (
    id bigint unsigned not null auto_increment primary key,
    user_id bigint unsigned not null,
    kind varchar(32) not null,
    about varchar(200) not null,
    detail json not null,
    due_at datetime(3) not null,
    claimed_until datetime(3) null,
    sent_at datetime(3) null,
    created_at datetime(3) not null default current_timestamp(3),
    unique key user_mails_once (kind, about),
    key user_mails_due (sent_at, due_at),
    key user_mails_user (user_id),
    constraint user_mails_user_fk foreign key (user_id) references users (id) on delete cascade
  )`,
];
