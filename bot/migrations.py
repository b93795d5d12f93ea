"""How the database came to look as it does: a list that one only appends to, each run once, in one transaction."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE people (
        id INTEGER PRIMARY KEY,
        platform TEXT NOT NULL,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        charged REAL NOT NULL DEFAULT 0,    -- pictures painted for this person, on the clock of the line
        served INTEGER NOT NULL DEFAULT 0,  -- the last turn that this person had
        UNIQUE (platform, key)
    );
    CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), charged REAL NOT NULL, turn INTEGER NOT NULL);
    INSERT INTO clock VALUES (1, 0, 0);

    CREATE TABLE received (
        number INTEGER PRIMARY KEY,
        platform TEXT NOT NULL,
        event TEXT NOT NULL,
        person INTEGER REFERENCES people ON DELETE SET NULL,
        press TEXT,                         -- the button, where pressing it twice at once is meant once
        body TEXT,                          -- everything that was heard; NULL once it is answered
        at REAL NOT NULL,
        UNIQUE (platform, event)
    );
    CREATE INDEX received_open ON received (number) WHERE body IS NOT NULL;
    CREATE INDEX received_presses ON received (person, press, at) WHERE press IS NOT NULL;
    CREATE INDEX received_at ON received (at);

    CREATE TABLE jobs (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        received INTEGER UNIQUE REFERENCES received ON DELETE SET NULL,
        person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
        platform TEXT NOT NULL,
        server TEXT,                        -- platform:id, NULL in a direct message
        channel TEXT NOT NULL,
        private INTEGER NOT NULL,
        unsafe_ok INTEGER NOT NULL,
        talk TEXT NOT NULL,                 -- the address where it is answered
        training INTEGER NOT NULL DEFAULT 0,
        work TEXT,                          -- the order as JSON; NULL once it was deleted
        prompt TEXT,
        parent TEXT,
        cost INTEGER NOT NULL,              -- pictures to paint
        painted INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'lent', 'made', 'delivered', 'failed', 'cancelled', 'deleted')),
        turn INTEGER,
        engine TEXT,                        -- which engine process has it
        suspect INTEGER NOT NULL DEFAULT 0, -- it was in an engine that died
        deaths INTEGER NOT NULL DEFAULT 0,  -- engines that died while it was alone in them
        score TEXT,
        reason TEXT,
        detail TEXT,
        told INTEGER NOT NULL DEFAULT 0,    -- its own message shows how it ended
        bytes INTEGER NOT NULL DEFAULT 0,   -- of its pictures on disk
        pruned INTEGER NOT NULL DEFAULT 0,
        queued_at REAL NOT NULL,
        lent_at REAL,
        ended_at REAL
    );
    -- Not partial: SQLite does not see that state = 'waiting' is within such an index's IN (…).
    CREATE INDEX jobs_state ON jobs (state, person);
    CREATE INDEX jobs_server ON jobs (server, state);
    CREATE INDEX jobs_untold ON jobs (number) WHERE told = 0;
    CREATE INDEX jobs_person ON jobs (person, number);
    CREATE INDEX jobs_hour ON jobs (person, queued_at, cost);
    CREATE INDEX jobs_on_disk ON jobs (number, bytes, server, ended_at) WHERE bytes > 0;
    CREATE INDEX jobs_ended ON jobs (ended_at, state, reason) WHERE ended_at IS NOT NULL;

    CREATE TABLE plans (job INTEGER PRIMARY KEY REFERENCES jobs ON DELETE CASCADE, plan TEXT NOT NULL);
    CREATE TABLE pictures (
        job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
        cell TEXT NOT NULL,
        sha256 TEXT,
        bytes INTEGER NOT NULL,
        judged TEXT NOT NULL,
        PRIMARY KEY (job, cell)
    ) WITHOUT ROWID;

    CREATE TABLE deliveries (
        key TEXT PRIMARY KEY,
        job INTEGER REFERENCES jobs ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('say', 'post', 'answer')),
        talk TEXT NOT NULL,
        server TEXT,                        -- where it can be seen, NULL where only the person sees it
        tries INTEGER NOT NULL DEFAULT 0,
        noted TEXT,
        message TEXT,                       -- the platform's id: the proof
        begun_at REAL NOT NULL,
        posted_at REAL
    );
    CREATE INDEX deliveries_job ON deliveries (job);

    CREATE TABLE preferences (
        scope TEXT NOT NULL CHECK (scope IN ('person', 'server')),
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (scope, owner, name)
    ) WITHOUT ROWID;

    -- Words of prompts, with the person as a word of its own so that a search touches one person's grids only.
    CREATE VIRTUAL TABLE words USING fts5 (who, prompt, tokenize = 'unicode61 remove_diacritics 2');
    CREATE TRIGGER jobs_words_in AFTER INSERT ON jobs WHEN new.prompt IS NOT NULL BEGIN
        INSERT INTO words (rowid, who, prompt) VALUES (new.number, 'p' || new.person, new.prompt);
    END;
    CREATE TRIGGER jobs_words_out AFTER DELETE ON jobs BEGIN DELETE FROM words WHERE rowid = old.number; END;
    CREATE TRIGGER jobs_words_gone AFTER UPDATE OF prompt ON jobs WHEN new.prompt IS NULL BEGIN
        DELETE FROM words WHERE rowid = old.number;
    END;
    """,
    """
    CREATE TABLE proposals (                -- trainings whose cost was told and that nobody may ever start
        id TEXT PRIMARY KEY,                -- becomes the job's id, so that a proposal is started once
        person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
        work TEXT NOT NULL,
        at REAL NOT NULL
    );
    CREATE TABLE trainings (
        job INTEGER PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
        begun INTEGER NOT NULL DEFAULT 0,   -- an engine was given the job before, so it goes on
        stopping INTEGER NOT NULL DEFAULT 0,  -- somebody asked for the end; the best epoch is kept
        plot TEXT,                          -- the newest curve as PNG in base64
        trained TEXT                        -- the ending as JSON
    );
    CREATE TABLE epochs (
        job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        told TEXT NOT NULL,                 -- its losses as JSON
        PRIMARY KEY (job, epoch)
    ) WITHOUT ROWID;
    """,
    """
    -- Each word with its person in front (bot.words), so that a beginning is looked for among one person's words only.
    -- ascii: the words come without accents and in small letters already, and no letter beyond splits one.
    CREATE VIRTUAL TABLE own_words USING fts5 (words, tokenize = 'ascii');
    INSERT INTO own_words (rowid, words) SELECT number, own_words(person, prompt) FROM jobs WHERE prompt IS NOT NULL;
    DROP TRIGGER jobs_words_in;
    DROP TRIGGER jobs_words_out;
    DROP TRIGGER jobs_words_gone;
    DROP TABLE words;
    CREATE TRIGGER jobs_words_in AFTER INSERT ON jobs WHEN new.prompt IS NOT NULL BEGIN
        INSERT INTO own_words (rowid, words) VALUES (new.number, own_words(new.person, new.prompt));
    END;
    CREATE TRIGGER jobs_words_out AFTER DELETE ON jobs BEGIN DELETE FROM own_words WHERE rowid = old.number; END;
    CREATE TRIGGER jobs_words_gone AFTER UPDATE OF prompt ON jobs WHEN new.prompt IS NULL BEGIN
        DELETE FROM own_words WHERE rowid = old.number;
    END;
    """,
    """
    ALTER TABLE jobs ADD COLUMN comparison INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE proposals ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;  -- pictures to paint
    """,
    """
    CREATE TABLE salt (one INTEGER PRIMARY KEY CHECK (one = 1), salt TEXT NOT NULL);
    INSERT INTO salt VALUES (1, hex(randomblob(16)));
    CREATE TABLE spent (                    -- of the last hour's allowance, by people who deleted their data
        mark TEXT NOT NULL,                 -- a salted hash, so that only they are recognised when they come back
        cost INTEGER NOT NULL,
        at REAL NOT NULL
    );
    CREATE INDEX spent_mark ON spent (mark, at);
    """,
    """
    -- A number is never given twice: what still names one that was deleted must not meet somebody else's row.
    CREATE TABLE freed (name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO freed VALUES
        ('people', COALESCE((SELECT MAX(id) FROM people), 0)),
        ('jobs', COALESCE((SELECT MAX(number) FROM jobs), 0)),
        ('received', MAX(COALESCE((SELECT MAX(number) FROM received), 0),
            COALESCE((SELECT MAX(CAST(substr(key, 2) AS INTEGER)) FROM deliveries WHERE kind = 'answer'), 0)));
    CREATE TRIGGER people_freed AFTER DELETE ON people BEGIN
        UPDATE freed SET last = old.id WHERE name = 'people' AND last < old.id;
    END;
    CREATE TRIGGER jobs_freed AFTER DELETE ON jobs BEGIN
        UPDATE freed SET last = old.number WHERE name = 'jobs' AND last < old.number;
    END;
    CREATE TRIGGER received_freed AFTER DELETE ON received BEGIN
        UPDATE freed SET last = old.number WHERE name = 'received' AND last < old.number;
    END;
    CREATE INDEX received_person ON received (person);
    ALTER TABLE jobs ADD COLUMN made_at REAL;
    ALTER TABLE deliveries ADD COLUMN person INTEGER REFERENCES people ON DELETE SET NULL;  -- who asked for an answer
    UPDATE deliveries SET person = (SELECT r.person FROM received AS r WHERE r.number = CAST(substr(key, 2) AS INTEGER))
        WHERE kind = 'answer';
    CREATE INDEX deliveries_person ON deliveries (person) WHERE person IS NOT NULL;
    """,
    """
    -- Words of scripts without spaces are found wherever they stand (bot.words).
    DELETE FROM own_words;
    INSERT INTO own_words (rowid, words) SELECT number, own_words(person, prompt) FROM jobs WHERE prompt IS NOT NULL;
    """,
)

NEXT = "MAX((SELECT last FROM freed WHERE name = '{0}'), COALESCE((SELECT MAX({1}) FROM {0}), 0)) + 1"
"""The next number of a table, {0}, in its column {1}."""
