"""The GPU process: plans grids, paints and judges them, trains styles. It never imports bot or adapters.

The four nouns first: a Job becomes rows, the Scheduler puts rows together into waves, a Painter paints them, and what
comes home becomes a sheet with scores.

A job, from order to ending
    engine                  takes jobs, plans them, ends them
    running                 one job: what it has so far, what was told of it, who listens
    planner, filling        all chances of a grid, taken once; what its other cells show
    fillers/, prompts/      photos, and writers of random prompts
    pieces                  which cells are there already, and which rows must be painted
    stock, stocking         fillers painted ahead: on the disk, and when nobody wants anything
    homecoming, report      painted pictures judged, packed and told
    news, preview, pace     how far everything is, how it looks, how long it may still take
    comparing/              comparisons
    trainings, scoring      trainings until they begin; pictures from anywhere, held against a prompt
    opening, flat           pictures by strangers, opened with care, and as people see them
    studio, tasks           what these parts share

Who paints what, and when
    scheduler, wave         which rows are painted next, and together; no torch
    turns, brush            what each painter does, turn after turn; one wave on one painter, step by step
    guest, lesson           a training beside the grids, piece by piece
    setbacks                what becomes of a wave that failed, or whose painter was lost
    pool, cluster/          the painters that are here; those of a Ray cluster
    watched, watchdog       every call of a painter has a time in which it must come back

Painting
    painter                 the Painter protocol, and FakePainter for tests
    diffusion, safety       DiffusionPainter; the safety checker
    models, checkpoints/    which checkpoints a profile means; fetched from the hub, whole
    pipelines, wardrobe     checkpoints on the device, and the style that one wears
    denoising, schedules    the diffusion loop in steps, and a scheduler of diffusers for each wave
    predicting              one call of the denoising model, with nothing computed twice:
    attention, twins        the words read once a wave, and what is equal with and without them
    embeddings              prompts encoded, and remembered
    landing, latent_rgb     from latents to pictures, and to previews
    cores, beside           how the processor's cores are used for painting, and beside it
    device/                 how a card is used
    embedded/               the small model that comes along, and how it was made

Styles and measures
    styles                  styles, checked before they are used
    style_shelf, style_zip  renamed, deleted, exported and imported; a style as a zip
    training/, leftovers    how a style is trained, and what a kill left of that
    metrics/, evaluation/   what can be measured of pictures, and reports over many of them

The process
    contract/               what bot and engine say to each other: all that the bot may import
    settings, setup         the settings, and the engine put together from them
    serve, server           a socket and a lock; the routes of jobs
    style_routes, guard     the routes of styles; who may speak to any of them
    meters, log_file        /metrics; engine.log kept small
    apart, quiet, versions  threads for what waits for a network; silent libraries; what a picture depends on

The command line
    command_line            words become an order
    local                   the engine that runs already, or one in this process
    one_grid, grid_files    `grid`, and its folder
    one_style, evaluate     `finetune` and `evaluate`
    score_picture, demo     `score` and `demo`
    downloads               `fetch` and `info`
    bar, grid_bar           progress on a terminal
    training_bar            that of a training
"""
