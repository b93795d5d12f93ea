"""The GPU process: plans grids, paints and judges them, trains styles. It never imports bot or adapters.

The four nouns first: a Job becomes rows, the Scheduler puts rows together into waves, a Painter paints them, and the
pictures become a sheet with scores. Where a docstring says "the original", it means the notebooks whose approaches
Tessera takes up (evaluation/original.py).

A job, from order to ending
    engine                  takes jobs, plans them, ends them
    running                 one job: what it has so far, its events, who follows them
    planner, filling        everything random about a grid, decided once; what its fillers show
    fillers/, prompts/      photos as fillers, and writers of random prompts
    planned_cells           which cells are there already, and which rows must be painted
    stock, stocking         fillers painted ahead: kept on disk, and painted while the engine is idle
    finishing, report       finished pictures judged, packed and reported
    news, preview, pace     progress, a small sheet of what is there so far, the time it may still take
    comparing/              comparisons
    trainings, scoring      trainings until they begin; any picture scored against a prompt
    opening, flat           pictures by strangers, opened safely and turned into plain RGB
    studio, tasks           state that these parts share; background tasks

Who paints what, and when
    scheduler, wave         which rows are painted next, and together; no torch
    painter_loop            the loop of each painter: a wave, a piece of training, or rest
    running_wave            one wave while it is painted, step by step
    guest, training_run     trainings beside the grids, piece by piece
    setbacks                what becomes of a wave that failed, or whose painter was lost
    pool, cluster/          the painters that are here; those of a Ray cluster
    watched, watchdog       a limit for how long any call of a painter may take

Painting
    painter                 the Painter protocol, and FakePainter for tests
    diffusion, safety       DiffusionPainter; the safety checker
    models, checkpoints/    which checkpoints a profile means; fetched from the hub, whole
    fetching, retrying      who is told of a download; which failures are worth another attempt
    pipelines, wardrobe     checkpoints on the device, and the style that one wears
    denoising, schedules    the diffusion loop in steps, and a diffusers scheduler for each wave
    predicting              one call of the denoising model, with nothing computed twice:
    attention               keys and values of a prompt, computed once a wave
    feed_forward            wide layers, some tokens at a time
    shared_layers           layers whose result is the same with and without the prompt
    embeddings              text embeddings, remembered
    host_copy, latent_rgb   finished pictures on their way to the processor; previews from latents
    cores, beside           the processor's cores: for painting, and for work beside a painting device
    device/                 how a card (a CUDA device) is used
    embedded/               the small model that comes along, and how it was made

Styles and measures
    styles                  styles, checked before they are used
    style_shelf, style_zip  renamed, deleted, exported and imported; a style as a zip
    training/, leftovers    how a style is trained; what a killed training left behind
    metrics/, evaluation/   what can be measured of pictures, and reports over many of them

The process
    contract/               what bot and engine say to each other: all that the bot may import
    settings, setup         the settings, and the engine put together from them
    renewal                 one engine for each DATA_DIR, and when it gives way to another
    serve, server           where it listens; the routes of jobs
    style_routes, guard     the routes of styles; who may speak to any of them
    meters, log_file        /metrics; engine.log kept small
    apart                   blocking work that may wait for a network, each in a thread of its own
    quiet, versions         libraries kept from printing; versions that a picture depends on

The command line
    command_line            words become an order
    local                   the engine that runs already, or one in this process
    one_grid, grid_files    `grid`, and its folder
    one_style, evaluate     `finetune` and `evaluate`
    score_picture, demo     `score` and `demo`
    downloads               `fetch` and `info`
    bar, grid_bar           progress on a terminal: of anything, of a grid,
    training_bar            of a training,
    download_bar            of a download
"""
