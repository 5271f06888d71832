// Generated from openapi.json by `npm run generate`; do not edit.

export interface paths {
    "/api/v1/act/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Alarms, newest first. */
        get: operations["alarms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/act/alarms/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes notice of an alarm. */
        post: operations["acknowledge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/act/cases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Cases within the caller's scope, newest first. */
        get: operations["cases"];
        put?: never;
        /** Opens a case, from an alarm or by hand. */
        post: operations["case_open"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/act/cases/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One case with its history. */
        get: operations["case"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/act/cases/{id}/actions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Moves a case. */
        post: operations["case_act"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/act/cases/{id}/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Adds a file to a case; an action cites it afterwards. */
        post: operations["evidence_put"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/act/evidence/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bytes of a file. */
        get: operations["evidence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/air": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Spans in which air was judged, as far as the caller sees it. */
        get: operations["air_spans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/air.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Days of stations, counties and the city as CSV: the newest version of each, with the areas first. */
        get: operations["air_days"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/air/{span}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Air of the city, its counties and its stations over a day, a month, a quarter or a year. */
        get: operations["air_span"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/air/{span}/stations/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every version of what a station or an area was over a span, newest first, with everything that led to it. */
        get: operations["air_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/discharge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Spans in which discharges were judged, as far as the caller sees them. */
        get: operations["discharge_spans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/discharge/{span}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the outlets were over a day, a month, a quarter or a year. */
        get: operations["discharge_span"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/discharge/{span}/stations/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every version of what an outlet was over a span, newest first, with everything that led to it. */
        get: operations["discharge_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/forecasts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest forecast of each factor, as far as the caller sees its station. */
        get: operations["forecasts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/forecasts/{station}/{factor}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest forecast of a factor, with what was measured, and how earlier ones turned out. */
        get: operations["forecast"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Imports, newest first. */
        get: operations["imports"];
        put?: never;
        /** Brings a table: CSV in UTF-8, or XLSX, of which the first sheet counts. Nothing is kept of it yet but the file itself. */
        post: operations["import_put"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/imports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One import with its table. */
        get: operations["import_one"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/imports/{id}/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins to keep what a plan reads. What it cannot read stays in the table and is listed. */
        post: operations["import_begin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/imports/{id}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tries a plan (自检): what would be kept, what cannot be read and why, and where our judgement differs from what the source has
         *     published. Nothing is kept.
         */
        post: operations["import_check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/imports/{id}/file": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The file as it was brought. */
        get: operations["import_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/judgements.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Judgements of all stations of one kind as CSV: the newest of each period. */
        get: operations["judgements_csv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/rankings/{span}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The ranking of counties and sections over a span, as it would be made now. */
        get: operations["ranking"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/rankings/{span}/file": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The ranking as a file. */
        get: operations["ranking_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/report-schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest version of each schedule that the caller sees. */
        get: operations["schedules"];
        put?: never;
        /** Keeps a schedule as the next version of its kind and area. */
        post: operations["schedule_put"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/report-templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Templates, the built-in one first, then the newest of each kind first. */
        get: operations["templates"];
        put?: never;
        /** Keeps a template as the next version of its kind. A placeholder that is not known is refused, with its name and place. */
        post: operations["template_put"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/report-templates/{id}/file": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bytes of a template. */
        get: operations["template_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Reports that the caller sees, newest first, and what can be made. */
        get: operations["reports"];
        put?: never;
        /** Makes a report and keeps it as a draft. The same as the newest one of its kind, period and area is that one. */
        post: operations["make"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/reports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A report with everything it says. */
        get: operations["report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/reports/{id}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What has changed since an earlier report of the same kind, period and area. */
        get: operations["changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/reports/{id}/file": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A report as a file. */
        get: operations["file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/reports/{id}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Publishes the newest draft of a report: from then on it is frozen, and what is made later is the next edition. */
        post: operations["publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/review/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decides on values of a point that no finding is about. */
        post: operations["decide_values"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/review/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Findings within the caller's scope, those that press most first. */
        get: operations["findings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/review/findings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One finding with its evidence, what lies around it, what was decided, and every version of its values. */
        get: operations["finding"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/review/findings/{id}/case": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens a case from a finding (立案核查), which a person decides; a finding has one case at most. */
        post: operations["clue_case"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/review/findings/{id}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decides on a finding: accepts it as it stands, declares its values invalid, gives another value, restores what the device said,
         *     or gives it back to the level below. A change of values is their next version; of published spans it makes the next edition.
         */
        post: operations["decide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/review/rounds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Looks at what has newly arrived now, instead of at the next hour. Answered when the work is put down. */
        post: operations["round"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/review/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The checks and detectors with their parameters and what was measured of them, and the grounds for invalid values. */
        get: operations["rules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/review/sign-offs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where a span of a station stands: signatures and editions, and whether what counts is still what was signed. */
        get: operations["sign_offs"];
        put?: never;
        /** Signs a span of a station at a level, or gives it back to the level below. The third signature publishes it. */
        post: operations["sign_off"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/stations/{code}/judgements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Judgements of a station, newest first. */
        get: operations["judgements"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the city stands now. */
        get: operations["summary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/trace/air": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the air of a station came from, hour by hour. 404 with the code `lacking` says what the city pack lacks. */
        get: operations["trace_air"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/trace/water": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where an anomaly of a section or outlet came from, and where it goes. 404 with the code `lacking` says what the city
         *     pack lacks.
         */
        get: operations["trace_water"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/water": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Spans in which sections were judged, as far as the caller sees them. */
        get: operations["spans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/water/{span}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the sections were over a span. */
        get: operations["span"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analyse/water/{span}/stations/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every version of what a section was over a span, newest first, with everything that led to it. */
        get: operations["versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The stream of changes the caller may see: events `readings` and `grades` (lists of stations), `alarm`, `case`, `device`,
         *     `glass`, `eye` (a camera has seen something, or sees no more); `lost` when the reader was too slow and must read everything again; `renew` at its end, after some minutes: ask again.
         */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every device and its line. */
        get: operations["devices"];
        put?: never;
        /** Registers a device. */
        post: operations["device_add"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/devices/{mn}/commands": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Commands sent to a device, newest first. */
        get: operations["commands"];
        put?: never;
        /** Sends a command to a device and waits for its result. Off unless `hj212.commands` is on. */
        post: operations["command"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/cameras": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Cameras that the caller sees, each as it is now. */
        get: operations["eye_cameras"];
        put?: never;
        /** Registers a camera. */
        post: operations["eye_camera_add"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/cameras/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One camera. */
        get: operations["eye_camera"];
        /** Changes a camera: its next version. */
        put: operations["eye_camera_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/cameras/{id}/fences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The fences of a camera, with every version. */
        get: operations["eye_fences"];
        /** Draws fences: the next version. One that cannot be is refused with the corner concerned. */
        put: operations["eye_fences_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/cameras/{id}/guard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How a camera guarded its station over a span. */
        get: operations["eye_guard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/cameras/{id}/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Present pictures one after the other (MJPEG), until the camera is blind or ten minutes are over. */
        get: operations["eye_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/cameras/{id}/picture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The present picture. There is none while the camera is blind: an old picture is never given for it. */
        get: operations["eye_picture"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/cameras/{id}/quiet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Places where something is no person. */
        get: operations["eye_quiets"];
        put?: never;
        /** Says that something at a place is no person. */
        post: operations["eye_quiet_put"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/cameras/{id}/quiet/{n}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends such a place. */
        post: operations["eye_quiet_end"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/cameras/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What an earlier span would have been by another plan: who was followed then is played against it. */
        post: operations["eye_replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/cameras/{id}/scene": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What the camera sees from now on is what it is to see: after it was turned on purpose. */
        post: operations["eye_scene"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events that the caller sees, the newest first. */
        get: operations["eye_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/events/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One event. */
        get: operations["eye_event"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/events/{id}/case": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Opens a case from an event. Where data review has found something about the same stretch, both are one case: theirs, when there is
         *     one already.
         */
        post: operations["eye_case"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/events/{id}/files/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A copy of a file in which faces and plates cannot be recognised. Parts of it can be asked for. */
        get: operations["eye_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/events/{id}/pack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A pack of evidence (证据包): manifest, files, chain, printable page, signed. `shanshui eye verify` looks at it without this program. */
        post: operations["eye_pack"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/events/{id}/plain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A file as it was recorded: with a reason, and noted. */
        post: operations["eye_plain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/events/{id}/suspicion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lifts or confirms the doubt about the station's data. */
        post: operations["eye_suspicion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/events/{id}/verdict": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Says what it was.
         * @description What was maintenance without an approved visit becomes a case at once, when it has none and whoever says so may open cases; the
         *     answer names it.
         */
        post: operations["eye_verdict"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The month of every camera that the caller sees. */
        get: operations["eye_report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/report.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same as a table. */
        get: operations["eye_report_csv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/suspicions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where data of a station is in doubt because somebody was there, or was before a reviewer settled it. */
        get: operations["eye_suspicions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/visits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Visits that the caller sees. */
        get: operations["eye_visits"];
        put?: never;
        /** Announces a visit. */
        post: operations["eye_visit_put"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/visits/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a visit back. */
        post: operations["eye_visit_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/visits/{id}/decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Approves or refuses a visit. Whoever asked for it does not approve it, and nothing is approved after the fact. */
        post: operations["eye_visit_decide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/voice/{station}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A station's loudspeaker. */
        get: operations["eye_voice"];
        /** Sets a station's loudspeaker: its next version. */
        put: operations["eye_voice_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/voice/{station}/play": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Speaks now, to try it or because somebody is there. */
        post: operations["eye_play"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/voice/{station}/sound": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What would be played. */
        get: operations["eye_sound"];
        put?: never;
        /** A recording that is played from now on instead of the text: a WAV file. */
        post: operations["eye_sound_put"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/eye/voice/{station}/talk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A piece of a person's voice (喊话): 8 kHz, mono, 16 bits, little endian, some 200 ms. `X-Talk` names the call, `X-Talk-End` ends it. */
        post: operations["eye_talk"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/geography": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The city's counties, rivers and reservoirs as GeoJSON. */
        get: operations["geography"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/points/{id}/curve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A curve. When there is more than fits, each stretch keeps its lowest and highest value and every marked or exceeding row:
         *     a short spike is never sampled away.
         */
        get: operations["curve"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/points/{id}/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count, least, greatest, mean and sum of a point by civil days, months or years. Values whose mark is another than N are counted
         *     and not reckoned with.
         */
        get: operations["statistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/quarantine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What lies in quarantine, by reason, device and peer. */
        get: operations["quarantine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/stations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every station with its present grade. */
        get: operations["stations"];
        put?: never;
        /** Registers a station with its points; the unit of a value is the point's, never guessed from the factor's code. */
        post: operations["station_add"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/stations/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One station with its points. */
        get: operations["station"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sense/telegrams/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A raw telegram with what is read from it. */
        get: operations["telegram"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/about": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the interface must know before anybody has logged in. */
        get: operations["about"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every account, by login name. */
        get: operations["accounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/accounts/{login}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Opens an account, or changes one: its name, its password, whether it may log in. Every session of it ends. What the person may do
         *     hangs on their posts, which somebody else gives. The account of another administrator is changed at the machine only.
         */
        put: operations["account_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Entries of the audit, newest first. */
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/audit/roots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Signed roots of the audit, newest first. */
        get: operations["roots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/audit/{seq}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Proof that one entry is under a signed root: what `shanshui audit prove` prints. */
        get: operations["proof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/delegations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who stands in for whom, newest first: the caller's own, or everybody's for whoever looks after that. */
        get: operations["delegations"];
        put?: never;
        /** Lets somebody stand in for some days. What hangs on the person, an administrator's power or a certificate, is not handed on. */
        post: operations["delegate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/delegations/{id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a delegation before its time. */
        post: operations["delegation_end"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/glass": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who broke the glass, newest first: the caller's own, or everybody's for whoever looks after that. */
        get: operations["glasses"];
        put?: never;
        /** Breaks the glass: the caller sees everything for some minutes, and every request of theirs is written into the audit. */
        post: operations["glass_break"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/glass/mend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mends the glass before its time. */
        post: operations["glass_mend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the program can do its work. */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Logs in; the session travels in a cookie. */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Logs out; the session is gone on the server too. */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is logged in. */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The nodes that share the store, oldest first. */
        get: operations["nodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/oidc/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sends the browser to the house. */
        get: operations["oidc_begin"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/oidc/code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The code of the authenticator, for whoever has one here and was not asked for a second factor there. */
        post: operations["oidc_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/oidc/return": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The house sends the browser back. */
        get: operations["oidc_return"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/organisations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every organisation, by code. */
        get: operations["organisations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/organisations/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Adds an organisation, or changes one. The city pack has the last word on its own when the program starts. */
        put: operations["organisation_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Changes the caller's own password. Every other session of theirs ends. */
        post: operations["change"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** People by name, those who may log in. */
        get: operations["people"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/posts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every post there is, was and will be, by person. */
        get: operations["posts"];
        put?: never;
        /** Gives a post. */
        post: operations["post_give"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/posts/{id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a post; whoever held it may do nothing with it from now on. */
        post: operations["post_end"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/rights": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The table of rights: how far each role reaches with each right. */
        get: operations["rights"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/second-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins a second factor: gives the secret for the authenticator, once. It counts from its first code on. */
        post: operations["begin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/second-factor/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The first code: from now on a login asks for one. */
        post: operations["confirm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/second-factor/drop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives the second factor up. Whoever must have one begins another at once. */
        post: operations["give_up"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's own sessions, newest first. */
        get: operations["sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/sessions/{id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends one of the caller's own sessions: a browser somewhere else is logged out. */
        post: operations["session_end"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's own tokens, newest first. */
        get: operations["tokens"];
        put?: never;
        /** Makes a token; it is shown in this answer and never again. */
        post: operations["token_make"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/tokens/{id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends one of the caller's own tokens, at once and for good. */
        post: operations["token_end"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/wall": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A wall screen hands its token over and carries it in a cookie from then on. */
        post: operations["wall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process lives and answers. Looks at nothing else: who restarts what does not answer must not restart for a full disk. */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether this node can do its work, check by check; 503 when one of them fails. */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What the interface must know before anybody has logged in. */
        AboutView: {
            /** @description Middle of the map. */
            center: components["schemas"]["LonLat"];
            /** @description City. */
            city: components["schemas"]["Words"];
            /** @description Whether this is a demonstration with invented enterprises. */
            demo: boolean;
            /** @description Logins, in a demonstration. */
            demo_logins: components["schemas"]["DemoLogin"][];
            oidc?: components["schemas"]["Words"] | null;
            /** @description Version of the program. */
            version: string;
            /** @description IANA zone of the city. */
            zone: string;
        };
        /** @description An account to be opened or changed. */
        AccountIn: {
            /** @description May not log in. */
            disabled: boolean;
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description Password; needed for a new account, changes that of another. */
            password?: string | null;
        };
        /** @description An account. */
        AccountView: {
            /** @description May not log in. */
            disabled: boolean;
            /** @description Who. */
            person: components["schemas"]["PersonView"];
        };
        /** @description What a span of more than a day comes to. */
        AirPeriodView: {
            /** @description Of a year: the set of limits in force, and whether level 2 is attained. */
            attained?: boolean | null;
            /** @description Composite index; none while a pollutant has no value. */
            composite?: string | null;
            /**
             * Format: int32
             * @description Days with an AQI.
             */
            days: number;
            /**
             * Format: int32
             * @description Days of level 1 or 2.
             */
            good_days: number;
            /** @description Their share in per cent, one decimal. */
            good_percent?: string | null;
            /** @description Days of level 1 to 6. */
            level_days: number[];
            /** @description The pollutants with the largest part of it. */
            main: string[];
            /** @description Pollutants that do not attain it. */
            not_attained: string[];
        };
        /** @description A station or an area over a span. */
        AirRowView: {
            /**
             * Format: int32
             * @description AQI of a day.
             */
            aqi?: number | null;
            /** @description Code of the station; `@` of the city, `@kc` of the county kc. */
            code: string;
            /** @description County's code; empty of the city. */
            county: string;
            /** @description There is an AQI, and HJ 633-2026 §5.3.1 keeps it back. */
            hidden: boolean;
            /**
             * Format: int32
             * @description Level 1 to 6 of a day.
             */
            level?: number | null;
            /** @description Name. */
            name: components["schemas"]["Words"];
            /**
             * Format: int32
             * @description How many of them a value needs; 0 of what is longer, where every month has its own rule.
             */
            needed: number;
            /**
             * Format: int32
             * @description Hours of a day, points of an area, days of what is longer.
             */
            of: number;
            period?: components["schemas"]["AirPeriodView"] | null;
            /** @description Primary pollutants of a day. */
            primary: string[];
            /**
             * Format: int32
             * @description Rank among the rows of its kind, the best first: by AQI of a day, by composite index of what is longer.
             */
            rank?: number | null;
            /** @description The six pollutants in the order of tables. */
            values: components["schemas"]["AirValueView"][];
            /**
             * Format: int64
             * @description From 1, more when data came late or changed; 0 of what was computed for this answer: a span that is not over, or another edition.
             */
            version: number;
        };
        /** @description Air over a span. */
        AirSpanView: {
            /** @description The city, then the counties by code. */
            areas: components["schemas"]["AirRowView"][];
            /** @description The span before. */
            before: string;
            /** @description Editions applied to its days. */
            editions: string[];
            /** @description Its first day. */
            first: string;
            /** @description Its last day. */
            last: string;
            /** @description Edition of HJ 663. */
            method: string;
            /** @description Whether it is over. */
            over: boolean;
            /** @description Rule that ranks, of what is longer than a day. */
            ranked_by?: string | null;
            /** @description The span. */
            span: string;
            /** @description Stations by code. */
            stations: components["schemas"]["AirRowView"][];
            /** @description The same span a year before. */
            year_before?: string | null;
        };
        /** @description Spans in which air was judged. */
        AirSpansView: {
            /** @description Days, newest first. */
            days: string[];
            /** @description Editions of HJ 633 that a span can be judged by. */
            editions: string[];
            /** @description `2026-03`, `2026-Q1`, `2026`: the greatest text first. */
            spans: string[];
        };
        /** @description Where air came from. */
        AirTraceView: {
            /** @description Moment. */
            at: string;
            /** @description Inside, likeliest first. */
            candidates: components["schemas"]["TraceSourceView"][];
            /** @description Factor that is traced. */
            factor?: string | null;
            factor_name?: components["schemas"]["Words"] | null;
            /** @description Outside of all hours. */
            outside: components["schemas"]["TraceSourceView"][];
            /** @description Rules and their versions. */
            rules: string[];
            /** @description Hour by hour, the last first. */
            sectors: components["schemas"]["TraceSectorView"][];
            /** @description Station. */
            station: components["schemas"]["TraceStationView"];
        };
        /** @description One pollutant over a span. */
        AirValueView: {
            /**
             * Format: int32
             * @description Valid hours of a station's day, valid points of an area's, valid days of what is longer.
             */
            count: number;
            /**
             * Format: int32
             * @description IAQI of a day.
             */
            iaqi?: number | null;
            /** @description The percentile that is judged, of months and longer. */
            percentile?: string | null;
            /** @description Pollutant. */
            pollutant: string;
            /** @description Whether they suffice. */
            valid: boolean;
            /** @description Mean of the span, of ozone over a day the largest eight-hour mean; in µg/m³, of CO in mg/m³. */
            value?: string | null;
        };
        /**
         * @description Kind of alarm.
         * @enum {string}
         */
        AlarmKindView: "exceedance" | "spike" | "no_data" | "second_connection" | "value_changed";
        /**
         * @description State of an alarm.
         * @enum {string}
         */
        AlarmStateView: "open" | "acknowledged" | "ended";
        /** @description An alarm. */
        AlarmView: {
            acknowledged_by?: components["schemas"]["Words"] | null;
            /** @description Edition, clause and inputs. */
            basis: Record<string, unknown>;
            /** @description The case it became. */
            case?: string | null;
            /**
             * Format: int64
             * @description How often seen.
             */
            count: number;
            /** @description When it ended. */
            ended?: string | null;
            /** @description Factor code. */
            factor?: string | null;
            /** @description Id. */
            id: string;
            /** @description Kind. */
            kind: components["schemas"]["AlarmKindView"];
            /** @description Last seen. */
            last: string;
            /** @description Limit in words. */
            limit?: string | null;
            /** @description What happened. */
            message: components["schemas"]["Words"];
            /** @description Since when. */
            opened: string;
            /**
             * Format: int64
             * @description Point.
             */
            point?: number | null;
            /** @description State. */
            state: components["schemas"]["AlarmStateView"];
            /** @description Station code. */
            station: string;
            /** @description Station name. */
            station_name: components["schemas"]["Words"];
            /** @description Value that raised it. */
            value?: string | null;
        };
        /** @description The process lives. */
        AliveView: {
            /** @description Always true. */
            alive: boolean;
            /** @description Version of the program. */
            version: string;
        };
        /** @description One day of an AQI forecast. */
        AqiDayView: {
            /** @description AQI of the lower ends, of what is expected, of the upper ends. */
            aqi: (number | null)[];
            /** @description The day. */
            day: string;
            /** @description Edition of HJ 633. */
            edition: string;
            /** @description Their levels, 1 to 6. */
            level: (number | null)[];
            /** @description Pollutants without a forecast. */
            missing: string[];
            /** @description Primary pollutants of what is expected. */
            primary: string[];
            /** @description Pollutants for which the last value stands, because no model beats it. */
            unmodelled: string[];
        };
        /** @description What a report is of. */
        AreaView: {
            /** @description County's code; empty for the whole city. */
            code: string;
            /** @description Name. */
            name: string;
        };
        /** @description A signed root of the audit. */
        AuditRootView: {
            /** @description Digest algorithm. */
            algorithm: string;
            /** @description When, RFC 3339. */
            at: string;
            /** @description Root in hex. */
            root: string;
            /** @description Signature of `statement`, in hex. */
            signature: string;
            /** @description Public key of whoever signed: 64 hex digits of Ed25519, or `sm2:` and 130 hex digits. */
            signer: string;
            /**
             * Format: int64
             * @description How many entries are under it.
             */
            size: number;
            /** @description The text that is signed. */
            statement: string;
        };
        /** @description One step of a path to a root. */
        AuditStepView: {
            /** @description Digest of the part beside. */
            digest: string;
            /** @description Whether `digest` stands on the left. */
            left: boolean;
        };
        /** @description One entry of the audit. */
        AuditView: {
            /** @description What. */
            action: string;
            /** @description SHA-256 of what it is afterwards. */
            after?: string | null;
            /** @description When, RFC 3339. */
            at: string;
            /** @description SHA-256 of what it was before. */
            before?: string | null;
            behalf?: components["schemas"]["PersonView"] | null;
            by?: components["schemas"]["PersonView"] | null;
            /** @description More. */
            detail: Record<string, unknown>;
            /** @description Digest of the chain link. */
            digest: string;
            /** @description From which address. */
            from?: string | null;
            /** @description Whether the glass was broken. */
            glass: boolean;
            /**
             * Format: int64
             * @description Place in the chain, from 1.
             */
            seq: number;
            /** @description Of what. */
            subject: string;
        };
        /** @description An edition that a report rests on. */
        BasisView: {
            /** @description Number. */
            edition: string;
            /** @description Title. */
            title: string;
            /** @description What was taken from it. */
            what: string;
        };
        /** @description A point to be drawn beside. */
        BesideView: {
            /** @description Factor. */
            factor: string;
            /** @description Its name. */
            factor_name: components["schemas"]["Words"];
            /** @description Another station, or another factor of the same. */
            neighbour: boolean;
            /**
             * Format: int64
             * @description Point.
             */
            point: number;
            /** @description Station. */
            station: string;
            /** @description Its name. */
            station_name: components["schemas"]["Words"];
        };
        /** @description A camera as somebody registers or changes it. */
        CameraIn: {
            /** @description Address, with what opens it. */
            address?: string | null;
            /**
             * Format: int64
             * @description The version that was looked at; 0 or nothing of a new one.
             */
            base_version?: number | null;
            /** @description Short name. */
            code: string;
            /** @description Another stream to look at. */
            detect_address?: string | null;
            /** @description Whether it is looked at. */
            enabled?: boolean | null;
            /**
             * Format: double
             * @description Pictures a second.
             */
            fps?: number | null;
            /** @description The addresses stay as they are. */
            keep_address?: boolean;
            /** @description `rtsp`, `mjpeg`, `snapshot`, `file`, `drawn`. */
            kind: string;
            /** @description Name in English. */
            name_en: string;
            /** @description Name. */
            name_zh: string;
            /** @description Station. */
            station: string;
            /** @description `tcp` or `udp`. */
            transport?: string | null;
            /**
             * Format: int32
             * @description Width.
             */
            width?: number | null;
        };
        /** @description A camera. */
        CameraView: {
            /** @description Address without what opens it. */
            address: string;
            /** @description Short name. */
            code: string;
            /** @description That of the smaller stream. */
            detect_address?: string | null;
            /** @description Whether it is looked at. */
            enabled: boolean;
            /**
             * Format: int64
             * @description Version of its fences.
             */
            fence_version?: number | null;
            /**
             * Format: double
             * @description Pictures a second that are looked at.
             */
            fps: number;
            /** @description How it guards its station. */
            guard: components["schemas"]["GuardView"];
            /** @description Id. */
            id: string;
            /** @description `rtsp`, `mjpeg`, `snapshot`, `file`, `drawn`. */
            kind: string;
            live?: components["schemas"]["LiveView"] | null;
            model?: components["schemas"]["EyeModelView"] | null;
            /** @description Why the model that is configured is not used. */
            model_refused?: string | null;
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description How often it was right. */
            precision: components["schemas"]["PrecisionView"];
            /** @description How it is recorded. */
            recording: components["schemas"]["RecordingView"];
            /** @description Station. */
            station: string;
            /** @description Its name. */
            station_name: components["schemas"]["Words"];
            /** @description `tcp` or `udp`. */
            transport: string;
            /**
             * Format: int64
             * @description Version.
             */
            version: number;
            /**
             * Format: int32
             * @description Width at which they are looked at.
             */
            width: number;
        };
        /** @description Cameras. */
        CamerasView: {
            /** @description By code. */
            items: components["schemas"]["CameraView"][];
        };
        /** @description Moves a case. */
        CaseActionIn: {
            /** @description What. */
            action: components["schemas"]["CaseActionView"];
            /** @description Deadline, RFC 3339 (assign, send back). */
            due?: string | null;
            /** @description Evidence ids (report, verify). */
            evidence?: string[];
            /** @description Words. */
            note?: string;
            /** @description To whom (assign). */
            to?: string | null;
            /**
             * Format: int64
             * @description Version the caller has seen.
             */
            version: number;
        };
        /**
         * @description What may be done to a case.
         * @enum {string}
         */
        CaseActionView: "open" | "assign" | "report" | "send_back" | "verify" | "close";
        /** @description One event of a case. */
        CaseEventView: {
            /** @description What. */
            action: components["schemas"]["CaseActionView"];
            /** @description Algorithm of the digest. */
            algorithm: string;
            /** @description When. */
            at: string;
            behalf?: components["schemas"]["PersonView"] | null;
            /** @description Who. */
            by: components["schemas"]["PersonView"];
            /** @description Digest of the chain link. */
            digest: string;
            /** @description Deadline, when assigned or sent back. */
            due?: string | null;
            /** @description Evidence ids. */
            evidence: string[];
            /** @description Words. */
            note: string;
            /**
             * Format: int64
             * @description Place in the chain, from 1.
             */
            seq: number;
            to?: components["schemas"]["PersonView"] | null;
        };
        /** @description Opens a case. */
        CaseIn: {
            /** @description The alarm it comes from. */
            alarm?: string | null;
            /** @description Words. */
            note?: string;
            /** @description Title. */
            title: string;
        };
        /**
         * @description State of a case.
         * @enum {string}
         */
        CaseStateView: "open" | "assigned" | "reported" | "verified" | "closed";
        /** @description A case in the list. */
        CaseSummaryView: {
            assignee?: components["schemas"]["PersonView"] | null;
            /** @description Deadline, while somebody must act. */
            due?: string | null;
            /** @description Id. */
            id: string;
            /** @description Business number. */
            number: string;
            /** @description Opened. */
            opened: string;
            /** @description Deadline passed. */
            overdue: boolean;
            /** @description State. */
            state: components["schemas"]["CaseStateView"];
            /** @description Title. */
            title: string;
        };
        /** @description A case with its history. */
        CaseView: {
            /** @description What the caller may do now. */
            actions: components["schemas"]["CaseActionView"][];
            alarm?: components["schemas"]["AlarmView"] | null;
            /** @description What is wrong with its chain; nothing can be done to it then. */
            broken?: string | null;
            /** @description Events, oldest first. */
            events: components["schemas"]["CaseEventView"][];
            /** @description Files. */
            evidence: components["schemas"]["EvidenceView"][];
            /** @description The clue it came from: id of a finding of data review. */
            finding?: string | null;
            /** @description As in the list. */
            summary: components["schemas"]["CaseSummaryView"];
            /**
             * Format: int64
             * @description Version to give back with the next action.
             */
            version: number;
        };
        /** @description A cell. */
        CellView: {
            /** @enum {string} */
            cell: "number";
            /** @description As text, so that no decimal is lost. */
            value: string;
        } | {
            /** @enum {string} */
            cell: "text";
            /** @description Them. */
            text: string;
        } | {
            /** @enum {string} */
            cell: "missing";
            /** @description Why, in Chinese. */
            reason: string;
        };
        /** @description A chain that is broken (断链). */
        ChainBreakView: {
            /** @description When it was found. */
            found: string;
            /**
             * Format: int64
             * @description The first link that does not fit.
             */
            link: number;
            /** @description Which: `audit`, or `case:` with the case's id. */
            stream: string;
            /** @description What is wrong. */
            what: string;
        };
        /**
         * @description How much has changed.
         * @enum {string}
         */
        ChangeView: "obviously_worse" | "somewhat_worse" | "none" | "somewhat_better" | "obviously_better";
        /** @description A chapter. */
        ChapterView: {
            /** @description Id. */
            id: string;
            /** @description Paragraphs. */
            paragraphs: string[];
            /** @description Tables. */
            tables: components["schemas"]["TableView"][];
            /** @description Heading. */
            title: string;
        };
        /** @description One check. */
        CheckView: {
            /** @description Figures, or why not. */
            detail: string;
            /** @description `schema`, `judge`, `store` or `disk`. */
            name: string;
            /** @description Whether it is good. */
            ok: boolean;
        };
        /** @description Opens a case from a clue. */
        ClueCaseIn: {
            /** @description Words. */
            note?: string;
            /** @description Title. */
            title: string;
        };
        /** @description A column. */
        ColumnView: {
            /** @description Id. */
            key: string;
            /** @description Heading. */
            title: string;
        };
        /** @description One part of a score. */
        ContributionView: {
            /** @description Name. */
            name: string;
            /** @description Points. */
            points: string;
        };
        /** @description A curve. */
        CurveView: {
            /** @description Kind of period. */
            kind: string;
            /** @description Stretches of the history that cannot be read: nothing is known of them. */
            missing: components["schemas"]["MissingView"][];
            /** @description Point. */
            point: components["schemas"]["PointView"];
            /** @description Rows, ascending. */
            rows: components["schemas"]["ReadingView"][];
            /** @description True when rows were left out; extremes, marked and exceeding rows never are. */
            sampled: boolean;
        };
        /** @description What a decision did. */
        DecidedView: {
            /** @description The decision. */
            decision: components["schemas"]["DecisionView"];
            /** @description Published spans that have a new edition by it, each with the edition before. */
            editions: components["schemas"]["EditionsView"][];
            /**
             * Format: int64
             * @description The level that the finding waits for now; none when all three have decided.
             */
            waits?: number | null;
        };
        /** @description A decision on a finding. */
        DecisionIn: {
            /** @description The document that says it. */
            document?: string | null;
            /** @description Grounds of an invalid value. */
            ground?: string | null;
            /**
             * Format: int64
             * @description At which level, 1 to 3.
             */
            level: number;
            /** @description In which words. */
            note?: string;
            /** @description Manual value. */
            value?: string | null;
            /** @description `accept`, `invalidate`, `manual`, `restore`, `return`. */
            verdict: string;
            /**
             * Format: int64
             * @description Version of the finding that was looked at.
             */
            version: number;
        };
        /** @description What somebody has decided. */
        DecisionView: {
            /** @description When. */
            at: string;
            by?: components["schemas"]["PersonView"] | null;
            /** @description The case that was opened. */
            case?: string | null;
            /**
             * Format: int64
             * @description Values that were changed.
             */
            changed: number;
            /** @description The document that says it. */
            document?: string | null;
            /**
             * Format: int64
             * @description Version of the finding that was looked at.
             */
            finding_version?: number | null;
            ground?: components["schemas"]["Words"] | null;
            /** @description Id. */
            id: string;
            /**
             * Format: int64
             * @description Level; none of what is no step of review.
             */
            level?: number | null;
            /** @description In which words. */
            note: string;
            /** @description Manual value. */
            value?: string | null;
            /** @description `accept`, `invalidate`, `manual`, `restore`, `return`, `case`. */
            verdict: string;
        };
        /** @description Lets somebody stand in. */
        DelegationIn: {
            /** @description Id of the person whose posts; the caller's own when absent. */
            giver?: string | null;
            /** @description Why. */
            reason: string;
            /** @description From, RFC 3339; now when absent. */
            since?: string | null;
            /** @description Id of the person who stands in. */
            taker: string;
            /** @description Until, exclusive; at most 90 days after. */
            until: string;
        };
        /** @description Somebody stands in for somebody else. */
        DelegationView: {
            /** @description When it was ended before its time. */
            ended?: string | null;
            /** @description Whose posts. */
            giver: components["schemas"]["PersonView"];
            /** @description Whether it holds now. */
            holds: boolean;
            /** @description Id. */
            id: string;
            /** @description Why. */
            reason: string;
            /** @description From, RFC 3339. */
            since: string;
            /** @description Who stands in. */
            taker: components["schemas"]["PersonView"];
            /** @description Until, exclusive. */
            until: string;
        };
        /** @description A login of the demonstration city, shown on the login page of a demonstration only. */
        DemoLogin: {
            /** @description Login name. */
            login: string;
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description Password. */
            password: string;
            role?: components["schemas"]["RoleView"] | null;
            /** @description Organisation of that post. */
            unit: components["schemas"]["Words"];
        };
        /** @description What was measured of a detector. */
        DetectorMeasuredView: {
            /** @description Where it is told how. */
            cite: string;
            /** @description False alarms a station and month: on real sections, generated hours, generated minutes; none where it could not be tried. */
            false_alarms: (string | null)[];
            /**
             * Format: int32
             * @description Clues that met none.
             */
            for_nothing: number;
            /**
             * Format: int32
             * @description Clues that met one.
             */
            found: number;
            /** @description Share of its clues that met an injection. */
            precision: string;
            /** @description Share of injections aimed at it that it found. */
            recall: string;
        };
        /** @description One deviation of a device. */
        DeviationView: {
            /** @description Stable code. */
            code: string;
            /**
             * Format: int64
             * @description How often.
             */
            count: number;
        };
        /** @description What to ask of a device. */
        DeviceCommandIn: {
            /** @enum {string} */
            kind: "set_clock";
            /** @description Why. */
            reason: string;
        } | {
            /** @enum {string} */
            kind: "real_interval";
            /** @description Why. */
            reason: string;
            /**
             * Format: int32
             * @description 30 to 3600.
             */
            seconds: number;
        } | {
            /** @description RFC 3339. */
            begin: string;
            /** @description real, minute, hour or day. */
            data: string;
            /** @description RFC 3339. */
            end: string;
            /** @enum {string} */
            kind: "pull";
            /** @description Why. */
            reason: string;
        } | {
            /** @description Factor code. */
            factor: string;
            /** @enum {string} */
            kind: "sample_now";
            /** @description Why. */
            reason: string;
        } | {
            /** @description Factor code, needed by the 2025 edition. */
            factor?: string | null;
            /** @enum {string} */
            kind: "keep_sample";
            /** @description Why. */
            reason: string;
        } | {
            /** @description RFC 3339, for logs. */
            begin?: string | null;
            /** @description RFC 3339, for logs. */
            end?: string | null;
            /** @description Factor code. */
            factor?: string | null;
            /** @description Information code. */
            info: string;
            /** @enum {string} */
            kind: "info";
            /** @description Why. */
            reason: string;
        };
        /** @description A command and what became of it. */
        DeviceCommandView: {
            /** @description When. */
            at: string;
            /** @description Who. */
            by: components["schemas"]["Words"];
            /** @description CN. */
            cn: string;
            /** @description Id. */
            id: string;
            /** @description MN. */
            mn: string;
            /** @description Why. */
            reason: string;
            /** @description Steps: sent, resent, 9011 with QnRtn, data, 9012 with ExeRtn, time-out. */
            steps: Record<string, unknown>[];
        };
        /** @description Registers a device. */
        DeviceIn: {
            /** @description Takes CRC-16/MODBUS from this device. */
            accept_modbus_crc?: boolean;
            /** @description Takes CRC-16/MODBUS with swapped bytes from this device. */
            accept_swapped_modbus_crc?: boolean;
            /** @description `2005`, `2017` or `2025`. */
            edition: string;
            /**
             * Format: int32
             * @description Expected real-time interval in seconds.
             */
            interval_s: number;
            /** @description SM4 key, 32 hex digits. */
            key?: string | null;
            /** @description MN. */
            mn: string;
            /** @description Access password (PW). */
            password: string;
            /** @description Station code. */
            station: string;
        };
        /** @description A device and its line. */
        DeviceView: {
            /**
             * Format: int64
             * @description Device clock minus ours, in milliseconds.
             */
            clock_offset_ms?: number | null;
            /** @description Deviations from the standard, by code, with how often. */
            deviations: components["schemas"]["DeviationView"][];
            /** @description Edition by registration. */
            edition: string;
            /** @description Whether its data area is encrypted. */
            encrypted: boolean;
            /**
             * Format: int64
             * @description Damaged telegrams.
             */
            frames_bad: number;
            /**
             * Format: int64
             * @description Good telegrams.
             */
            frames_ok: number;
            /** @description Last telegram. */
            last_seen?: string | null;
            /** @description Link. */
            link: components["schemas"]["LinkState"];
            /** @description MN. */
            mn: string;
            /** @description Peer address. */
            peer?: string | null;
            /** @description Station code. */
            station: string;
            /** @description Station name. */
            station_name: components["schemas"]["Words"];
            /**
             * Format: double
             * @description Share of the real-time telegrams expected in the last hour that arrived, 0 to 1.
             */
            transmission_rate?: number | null;
        };
        /** @description Something that is not the same in two editions. */
        DifferenceView: {
            /** @description As it is; none when it is not there any more. */
            after?: string | null;
            /** @description As it was; none when it was not there. */
            before?: string | null;
            /** @description Column; empty of sentences and whole rows. */
            column: string;
            /** @description Title of the table or chapter. */
            place: string;
            /** @description Row; empty of sentences. */
            row: string;
        };
        /** @description Stretches by what they were. */
        DischargeCountView: {
            /**
             * Format: int32
             * @description Beyond it.
             */
            beyond: number;
            /**
             * Format: int32
             * @description Held against a limit.
             */
            judged: number;
            /**
             * Format: int32
             * @description Under an operator's mark.
             */
            marked: number;
            /**
             * Format: int32
             * @description Not judged.
             */
            not_judged: number;
        };
        /** @description One factor of an outlet over a span. Numbers are rounded half to even, last. */
        DischargeFactorView: {
            /** @description Stretches. */
            count: components["schemas"]["DischargeCountView"];
            /** @description Days. */
            days: components["schemas"]["DischargeCountView"];
            /**
             * Format: int32
             * @description Due hours.
             */
            due_hours: number;
            /** @description Code. */
            factor: string;
            /** @description Limits that bound. */
            limits: components["schemas"]["DischargeLimitView"][];
            /** @description Load in kg. */
            load_kg?: string | null;
            /** @description Share of the due hours that the load knows, per cent. */
            load_percent?: string | null;
            /** @description Mean of a day, or of a valid month of a stack. */
            mean?: string | null;
            /** @description Name. */
            name: components["schemas"]["Words"];
            no_load?: components["schemas"]["DischargeWhyView"] | null;
            /** @description What is counted. */
            stretch: components["schemas"]["DischargeStretch"];
            /** @description Largest multiple over a limit. */
            times_over?: string | null;
            transmission?: components["schemas"]["TransmissionView"] | null;
            /** @description Unit of values. */
            unit: string;
            /**
             * Format: int32
             * @description Valid hours.
             */
            valid_hours: number;
            /** @description What it was. */
            verdict: components["schemas"]["DischargeVerdict"];
            /** @description What flowed in its hours, m³. */
            volume_m3?: string | null;
            why?: components["schemas"]["DischargeWhyView"] | null;
            /** @description Value that was most beyond. */
            worst?: string | null;
            /** @description Its day, or the start of its hour. */
            worst_at?: string | null;
        };
        /** @description A limit that bound. */
        DischargeLimitView: {
            /** @description Clause. */
            cite: string;
            /** @description `hour`, `day`. */
            over: string;
            /** @description Reference oxygen in per cent; none when values are held as measured. */
            reference_oxygen?: string | null;
            /** @description Permit or edition. */
            source: string;
            /** @description `≤ 50 mg/L`. */
            text: string;
            /** @description What somebody should look at. */
            warnings: string[];
        };
        /** @description An outlet over a span. */
        DischargeOutletView: {
            /** @description Code. */
            code: string;
            /** @description Days or hours, each once. */
            count: components["schemas"]["DischargeCountView"];
            /** @description County's code. */
            county: string;
            enterprise?: components["schemas"]["Words"] | null;
            /** @description Factors. */
            factors: components["schemas"]["DischargeFactorView"][];
            /** @description Method. */
            method: string;
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description What it was. */
            verdict: components["schemas"]["DischargeVerdict"];
            /**
             * Format: int64
             * @description From 1, more when data came late or changed; 0 when the span was not judged yet.
             */
            version: number;
        };
        /** @description Discharges over a span. */
        DischargeSpanView: {
            /** @description The span before. */
            before: string;
            /** @description Its first day. */
            first: string;
            /** @description Its last day. */
            last: string;
            /** @description Outlets by code. */
            outlets: components["schemas"]["DischargeOutletView"][];
            /** @description Whether it is over. */
            over: boolean;
            /** @description The span. */
            span: string;
            /** @description The same span a year before. */
            year_before?: string | null;
        };
        /** @description Spans in which discharges were judged. */
        DischargeSpansView: {
            /** @description Days, newest first. */
            days: string[];
            /** @description `2026-03`, `2026-Q1`, `2026`: the greatest text first. */
            spans: string[];
        };
        /**
         * @description What is counted of a factor.
         * @enum {string}
         */
        DischargeStretch: "hour" | "day";
        /**
         * @description What an outlet or a factor was.
         * @enum {string}
         */
        DischargeVerdict: "beyond" | "within" | "not_judged";
        /** @description Why something is not there. */
        DischargeWhyView: {
            /** @description Word: `no_limit`, `no_flow`, `no_oxygen`, `low_coverage`, … */
            code: string;
            /** @description Sentence. */
            text: string;
        };
        /** @description Room on the disk. */
        DiskView: {
            /**
             * Format: int64
             * @description Bytes free; none when the disk does not say.
             */
            free_bytes?: number | null;
            /**
             * Format: int64
             * @description Below so many bytes there is a warning, below a quarter of them no telegram and no evidence is taken.
             */
            free_min_bytes: number;
            /** @description How much there is. */
            room: components["schemas"]["RoomView"];
        };
        /** @description An earlier forecast and what came of it. */
        EarlierForecastView: {
            /** @description Civil day on which it was made. */
            day: string;
            /** @description Of those, inside the interval. */
            inside: number;
            /** @description When it was made. */
            made: string;
            /**
             * Format: double
             * @description Mean absolute error of those; none while nothing was measured.
             */
            mae?: number | null;
            /** @description Of these, measured since. */
            measured: number;
            /** @description Model that the figures are of. */
            model?: string | null;
            /** @description Whether it was shown; else the figures are those of the last value with its interval. */
            shown: boolean;
            /** @description Steps ahead. */
            steps: number;
            /**
             * Format: int64
             * @description Version.
             */
            version: number;
        };
        /** @description A published span that was changed. */
        EditionsView: {
            before?: components["schemas"]["SignOffView"] | null;
            /** @description The new one. */
            now: components["schemas"]["SignOffView"];
        };
        /** @description One version of what a station was over a span. */
        EvaluationView: {
            /**
             * Format: int32
             * @description Class.
             */
            class?: number | null;
            /** @description Edition. */
            edition: string;
            /** @description Edition, clause, inputs, bounds, means, what was missing. */
            explanation: Record<string, unknown>;
            /** @description When it was judged. */
            made: string;
            /**
             * Format: int64
             * @description From 1.
             */
            version: number;
        };
        /**
         * @description How often.
         * @enum {string}
         */
        EveryView: "month" | "quarter" | "year";
        /** @description A stored file. */
        EvidenceView: {
            /** @description When. */
            at: string;
            /** @description Who. */
            by: components["schemas"]["Words"];
            /** @description Id; bytes at `/api/v1/act/evidence/{id}`. */
            id: string;
            /** @description Media type. */
            media_type: string;
            /** @description File name. */
            name: string;
            /** @description SHA-256 in hex. */
            sha256: string;
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
        };
        /** @description A case that was opened or joined. */
        EyeCaseView: {
            /** @description Its id. */
            case: string;
        };
        /** @description What the clocks said. */
        EyeClocksView: {
            /** @description The camera's. */
            camera?: string | null;
            /**
             * Format: int64
             * @description The camera's less ours, milliseconds.
             */
            offset_ms?: number | null;
            /** @description Ours. */
            server: string;
        };
        /** @description What waits. */
        EyeCountsView: {
            /**
             * Format: int64
             * @description Events that last.
             */
            open: number;
            /**
             * Format: int64
             * @description Events that nobody has looked at.
             */
            unreviewed: number;
        };
        /** @description What of the station's data is in doubt. */
        EyeDoubtView: {
            /** @description From. */
            from: string;
            /** @description Points with values in it. */
            points: number;
            /** @description To. */
            to: string;
            /** @description Values in it. */
            values: number;
        };
        /** @description An event with everything that belongs to it. */
        EyeEventDetail: components["schemas"]["EyeEventView"] & {
            /** @description Where it was seen first: left, top, right, bottom, fractions of the picture. */
            bbox: number[];
            /** @description Clocks. */
            clocks: components["schemas"]["EyeClocksView"];
            /**
             * Format: int64
             * @description Version of the fences.
             */
            fence_version: number;
            /** @description Files that are there. */
            files: components["schemas"]["EyeFileView"][];
            /** @description Findings about the same stretch. */
            findings: components["schemas"]["EyeFindingView"][];
            model?: components["schemas"]["EyeModelView"] | null;
            /** @description SHA-256 of them. */
            plan_digest: string;
            /** @description Points of the station. */
            points: components["schemas"]["EyePointView"][];
            /** @description Steps. */
            steps: components["schemas"]["EyeStepView"][];
            suspicion_span?: components["schemas"]["EyeDoubtView"] | null;
            /** @description Thresholds that applied. */
            thresholds: Record<string, unknown>;
        };
        /** @description An event of a list. */
        EyeEventView: {
            /** @description When it came near. */
            approached_at?: string | null;
            /** @description Camera. */
            camera: string;
            /** @description Its name. */
            camera_name: components["schemas"]["Words"];
            /** @description Its case. */
            case?: string | null;
            /** @description When it entered. */
            entered_at: string;
            /** @description Fence or line. */
            fence: string;
            /** @description Its name. */
            fence_name: string;
            /** @description Id. */
            id: string;
            /** @description `intrusion`, `crossed`, `left_behind`, `visit`. */
            kind: string;
            /** @description What was seen. */
            label: string;
            /** @description The same in words. */
            label_words: components["schemas"]["Words"];
            /** @description When it left. */
            left_at?: string | null;
            /** @description Number that people use. */
            number: string;
            /** @description Whether there is a picture. */
            picture: boolean;
            /**
             * Format: double
             * @description Best score.
             */
            score: number;
            /**
             * Format: double
             * @description How long it was there.
             */
            seconds?: number | null;
            /** @description `open`, `unreviewed`, `reviewed`. */
            state: string;
            /** @description Station. */
            station: string;
            /** @description Its name. */
            station_name: components["schemas"]["Words"];
            /** @description `standing`, `lifted`, `confirmed`. */
            suspicion?: string | null;
            /** @description `person`, `maintenance`, `animal`, `false`. */
            verdict?: string | null;
            /** @description The approved visit that covers it. */
            visit?: string | null;
            /** @description `sent`, `acknowledged`, `failed`, `silent`. */
            voice?: string | null;
        };
        /** @description One page of events, the newest first. */
        EyeEventsView: {
            /** @description How many last, and how many wait for a look. */
            counts: components["schemas"]["EyeCountsView"];
            /** @description Events. */
            items: components["schemas"]["EyeEventView"][];
            /** @description Give this as `after` to go on; absent on the last page. */
            next?: string | null;
        };
        /** @description A file. */
        EyeFileView: {
            /**
             * Format: int64
             * @description Bytes.
             */
            bytes: number;
            /** @description What stretch it shows. */
            from?: string | null;
            /** @description `entry`, `best`, `exit`, `clip`. */
            kind: string;
            /** @description Name. */
            name: string;
            /** @description SHA-256. */
            sha256: string;
            /** @description SM3. */
            sm3: string;
            /** @description Until when. */
            to?: string | null;
        };
        /** @description A finding of data review that overlaps. */
        EyeFindingView: {
            /** @description Its case. */
            case?: string | null;
            /** @description Factor. */
            factor?: string | null;
            /** @description `check` or `clue`. */
            family: string;
            /** @description From. */
            from: string;
            /** @description Id. */
            id: string;
            /** @description Check or detector. */
            rule: string;
            /** @description To. */
            to: string;
        };
        /** @description Detector that looked. */
        EyeModelView: {
            /** @description Layout of its answer. */
            family: string;
            /** @description Name of its file. */
            name: string;
            /** @description What runs it. */
            runtime: string;
            /** @description SHA-256 of its file. */
            sha256: string;
        };
        /** @description Why. */
        EyeNoteIn: {
            /** @description In which words. */
            note: string;
        };
        /** @description A point of the station. */
        EyePointView: {
            /** @description Factor. */
            factor: string;
            /**
             * Format: int64
             * @description Id.
             */
            id: number;
            /** @description Its name. */
            name: components["schemas"]["Words"];
            /** @description Unit. */
            unit: string;
        };
        /** @description One camera's month. */
        EyeReportRow: {
            /**
             * Format: int64
             * @description Animals.
             */
            animals: number;
            /**
             * Format: int64
             * @description Seconds blind.
             */
            blind_s: number;
            /**
             * Format: double
             * @description Share of the time that is known in which it was blind.
             */
            blind_share?: number | null;
            /** @description Camera. */
            camera: string;
            /** @description Its name. */
            camera_name: components["schemas"]["Words"];
            /**
             * Format: int64
             * @description Doubts confirmed.
             */
            confirmed: number;
            /**
             * Format: int64
             * @description Events that were nothing.
             */
            false: number;
            /**
             * Format: int64
             * @description Seconds guarded.
             */
            guarded_s: number;
            /**
             * Format: int64
             * @description Intrusions, crossings and things left behind.
             */
            intrusions: number;
            /**
             * Format: int64
             * @description Doubts lifted.
             */
            lifted: number;
            /**
             * Format: double
             * @description Of those, how many had somebody or something in them.
             */
            precision?: number | null;
            /**
             * Format: int64
             * @description Somebody has looked.
             */
            reviewed: number;
            /** @description Station. */
            station: string;
            /** @description Its name. */
            station_name: components["schemas"]["Words"];
            /** @description Values of the station that events which are over have put in doubt. */
            suspect_values: number;
            /**
             * Format: int64
             * @description Nobody has looked.
             */
            unreviewed: number;
            /**
             * Format: int64
             * @description Stays within approved visits.
             */
            visits: number;
            /**
             * Format: int64
             * @description Loudspeaker failed.
             */
            voice_failed: number;
            /**
             * Format: int64
             * @description Loudspeaker used.
             */
            voice_sent: number;
            /**
             * Format: int64
             * @description Maintenance that nobody had approved.
             */
            without_approval: number;
        };
        /** @description A month. */
        EyeReportView: {
            /** @description Which. */
            month: string;
            /** @description By camera. */
            rows: components["schemas"]["EyeReportRow"][];
        };
        /** @description A step. */
        EyeStepView: {
            /** @description When. */
            at: string;
            by?: components["schemas"]["PersonView"] | null;
            /** @description Digest of the link. */
            digest: string;
            /**
             * Format: int64
             * @description Place in the chain, from 1.
             */
            seq: number;
            /** @description What. */
            what: string;
            /** @description In words. */
            words: components["schemas"]["Words"];
        };
        /** @description Where data of a station is in doubt. */
        EyeSuspicionView: {
            /** @description When. */
            at?: string | null;
            by?: components["schemas"]["PersonView"] | null;
            /** @description Event. */
            event: string;
            /** @description From. */
            from: string;
            /** @description Its number. */
            number: string;
            /** @description Whether there is a picture. */
            picture: boolean;
            /** @description Why. */
            reason: string;
            /** @description `standing`, `lifted`, `confirmed`. */
            state: string;
            /** @description Station. */
            station: string;
            /** @description To. */
            to: string;
        };
        /** @description Where data is in doubt, or was. */
        EyeSuspicionsView: {
            /** @description Oldest first. */
            items: components["schemas"]["EyeSuspicionView"][];
        };
        /** @description A visit. */
        EyeVisitView: {
            /** @description When. */
            asked_at: string;
            /** @description Who asked for it. */
            asked_by: components["schemas"]["PersonView"];
            /** @description When. */
            decided_at?: string | null;
            decided_by?: components["schemas"]["PersonView"] | null;
            /** @description Stays that it covered. */
            events: number;
            /** @description From. */
            from: string;
            /** @description Id. */
            id: string;
            /** @description In which words. */
            note: string;
            /** @description The last digits of their telephone number. */
            phone_tail: string;
            /** @description What for. */
            purpose: string;
            /** @description `asked`, `approved`, `refused`, `cancelled`. */
            state: string;
            /** @description Station. */
            station: string;
            /** @description Its name. */
            station_name: components["schemas"]["Words"];
            /** @description To. */
            to: string;
            /** @description From where. */
            unit: string;
            /** @description Who comes. */
            who: string;
        };
        /** @description Visits. */
        EyeVisitsView: {
            /** @description Those that begin last first. */
            items: components["schemas"]["EyeVisitView"][];
        };
        /** @description A code of the authenticator. */
        FactorCodeIn: {
            /** @description Six digits. */
            code: string;
        };
        /** @description The secret of a second factor, shown once. */
        FactorView: {
            /** @description The same as an address that authenticators read. */
            address: string;
            /** @description That address as a QR code, an SVG picture. */
            picture: string;
            /** @description Secret in base 32, to be typed into an authenticator. */
            secret: string;
        };
        /** @description Fences as somebody draws them. */
        FencesIn: {
            /**
             * Format: int64
             * @description The version that was looked at.
             */
            base_version: number;
            /** @description Why. */
            note: string;
            /** @description The plan, in the format of fence files. */
            plan: Record<string, unknown>;
        };
        /** @description The fences of a camera. */
        FencesView: {
            /** @description SHA-256 of its text. */
            digest: string;
            /** @description When. */
            made_at?: string | null;
            made_by?: components["schemas"]["PersonView"] | null;
            /** @description Why. */
            note: string;
            /** @description The plan, in the format of fence files. */
            plan: Record<string, unknown>;
            /**
             * Format: int64
             * @description Version; 0 when nobody has drawn any.
             */
            version: number;
            /** @description Every version, the newest first. */
            versions: components["schemas"]["PlanVersionView"][];
        };
        /** @description A finding with what lies around it. */
        FindingDetail: {
            /** @description Points to be drawn beside it. */
            beside: components["schemas"]["BesideView"][];
            /** @description The stretch to be drawn: from, to. */
            curve: string[];
            /** @description Decisions, oldest first. */
            decisions: components["schemas"]["DecisionView"][];
            /** @description Earlier versions, oldest first. */
            earlier: components["schemas"]["FindingView"][];
            /** @description Values and happenings it was seen by. */
            evidence: Record<string, unknown>[];
            /** @description As it stands. */
            finding: components["schemas"]["FindingView"];
            /** @description Levels at which the caller may decide. */
            levels: number[];
            /** @description Whether the caller may open a case. */
            may_open_case: boolean;
            /** @description Whether it has more values than are listed. */
            more_values: boolean;
            /** @description Published spans that it lies in: a change makes their next edition. */
            published: string[];
            /** @description Every version of its values, the first sixty values. */
            values: components["schemas"]["ValueView"][];
        };
        /** @description What was found. */
        FindingView: {
            /** @description The case that was opened from it. */
            case?: string | null;
            /** @description What the score is made of, by name. */
            contributions: components["schemas"]["ContributionView"][];
            /** @description Factor. */
            factor?: string | null;
            factor_name?: components["schemas"]["Words"] | null;
            /** @description `check`, `clue` or `desk`. */
            family: string;
            /** @description From, inclusive. */
            from: string;
            /** @description Id. */
            id: string;
            /** @description Kind of period; none when it is about no values. */
            kind?: string | null;
            /** @description When it was found. */
            made: string;
            /**
             * Format: int64
             * @description Point; none when the whole station is meant.
             */
            point?: number | null;
            /** @description Why. */
            reason: components["schemas"]["Words"];
            /** @description Check or detector. */
            rule: string;
            /** @description Its name. */
            rule_name: components["schemas"]["Words"];
            /**
             * Format: int64
             * @description Version of its parameters.
             */
            rule_version: number;
            /** @description Score of a clue, 0 to 1. */
            score?: string | null;
            /** @description Station. */
            station: string;
            /** @description Its name. */
            station_name: components["schemas"]["Words"];
            /** @description To, exclusive. */
            to: string;
            /** @description Unit of its values. */
            unit?: string | null;
            /**
             * Format: int64
             * @description How much it presses, 0 to 100.
             */
            urgency: number;
            /** @description The last verdict. */
            verdict?: string | null;
            /**
             * Format: int64
             * @description Version, from 1: more when the stretch or the evidence has changed.
             */
            version: number;
            /**
             * Format: int64
             * @description The level that it waits for; none when all three have decided.
             */
            waits?: number | null;
            /** @description When it is wrong. */
            wrong: components["schemas"]["Words"];
        };
        /** @description One page of the queue, those that press most first. */
        FindingsView: {
            /** @description Findings. */
            items: components["schemas"]["FindingView"][];
            /** @description Give this as `after` to go on; absent on the last page. */
            next?: string | null;
            /** @description How many wait for each of the three levels. */
            waiting: number[];
        };
        /** @description One step ahead. */
        ForecastPointView: {
            /** @description Begin of the step. */
            at: string;
            /**
             * Format: double
             * @description Upper end.
             */
            high: number;
            /**
             * Format: double
             * @description Lower end of the interval.
             */
            low: number;
            /**
             * Format: double
             * @description What is expected.
             */
            value: number;
        };
        /** @description The newest forecast of a factor. */
        ForecastSummaryView: {
            /** @description Civil day on which it was made. */
            day: string;
            /** @description The days of an index. */
            days: components["schemas"]["AqiDayView"][];
            /**
             * Format: int32
             * @description Decimals shown.
             */
            decimals: number;
            /** @description Factor code; `aqi` of the index. */
            factor: string;
            /** @description Error below that of the best baseline, in per cent, on the older and the newer origins of the back-test. */
            gains_percent?: number[] | null;
            /** @description `series` of measured values, `aqi` of the index. */
            kind: string;
            /** @description Made after the hour by which it is due. */
            late: boolean;
            /**
             * Format: double
             * @description What the interval is to hold, in per cent.
             */
            level_percent?: number | null;
            /** @description When it was made. */
            made: string;
            /**
             * Format: double
             * @description What both must be.
             */
            margin_percent?: number | null;
            /** @description `persistence`, `seasonal`, `ets`, `mstl`. */
            model?: string | null;
            /** @description Its name. */
            name: components["schemas"]["Words"];
            /** @description Whether it is better than the last value. */
            shown: boolean;
            /** @description Station. */
            station: string;
            /** @description Its name. */
            station_name: components["schemas"]["Words"];
            /** @description Why too little is known: `nothing`, `short`, `gaps`, `origins`, `stale`, `constant`. */
            too_little?: string | null;
            /** @description Unit; empty of the index. */
            unit: string;
            /** @description `better`, `baseline_chosen`, `no_better`; none when too little is known. */
            verdict?: string | null;
            /**
             * Format: int64
             * @description From 1: more when it was made again that day and came out otherwise.
             */
            version: number;
        };
        /** @description The newest forecast of a factor with everything that led to it. */
        ForecastView: {
            /** @description This and earlier forecasts, newest first, held against what was measured. */
            earlier: components["schemas"]["EarlierForecastView"][];
            /** @description Model, parameters, training span, gaps, errors of every model. */
            explanation: Record<string, unknown>;
            /** @description The newest. */
            forecast: components["schemas"]["ForecastSummaryView"];
            /** @description What was measured before it and since, step by step. */
            measured: components["schemas"]["MeasuredView"][];
            /** @description Steps ahead; empty when it is not shown. */
            points: components["schemas"]["ForecastPointView"][];
        };
        /** @description Breaks the glass. */
        GlassIn: {
            /**
             * Format: int64
             * @description For how many minutes, at most 240.
             */
            minutes: number;
            /** @description Why; at least 5 characters. */
            reason: string;
        };
        /** @description Somebody sees everything for a short time. */
        GlassView: {
            /** @description When it was ended before its time. */
            ended?: string | null;
            /** @description Whether it is broken now. */
            holds: boolean;
            /** @description Id. */
            id: string;
            /** @description Who. */
            person: components["schemas"]["PersonView"];
            /** @description Why. */
            reason: string;
            /** @description From, RFC 3339. */
            since: string;
            /** @description Until, exclusive. */
            until: string;
        };
        /** @description A station's present grade. */
        GradeView: {
            /** @description Period's instant. */
            at: string;
            /** @description Deciding factors by code. */
            deciding: string[];
            /** @description Edition that was applied, for example `GB 3838-2002`. */
            edition: string;
            /** @description Worse than the target class or beyond its limit. */
            exceeds: boolean;
            /** @description The whole explanation: edition, clause, per factor value and boundaries, what was missing. Left out in lists of stations. */
            explanation?: Record<string, unknown> | null;
            /** @description The letter or number shown on the map: `II`, `劣V`/`>V`, an AQI. */
            label: components["schemas"]["Words"];
            /**
             * Format: int32
             * @description 1 (best) to 6 (worst); none when not judged.
             */
            level?: number | null;
            /** @description Scale. */
            scale: components["schemas"]["Scale"];
        };
        /** @description Grounds for an invalid value. */
        GroundView: {
            /** @description Code. */
            code: string;
            /**
             * Format: int32
             * @description The digit that chooses it.
             */
            digit: number;
            /** @description Name. */
            name: components["schemas"]["Words"];
        };
        /** @description Sections of one kind. */
        GroupView: {
            /**
             * Format: int32
             * @description Of class II or better.
             */
            at_least_ii: number;
            /**
             * Format: int32
             * @description Of class III or better.
             */
            at_least_iii: number;
            /** @description Of class I to V, and worse than V. */
            classes: number[];
            kind?: components["schemas"]["StationKindView"] | null;
            /** @description With a target that is kept, and with a target and a class. */
            targets_met: number[];
            /**
             * Format: int32
             * @description In all.
             */
            total: number;
        };
        /** @description One stretch of a guard. */
        GuardSpanView: {
            /** @description Why. */
            reason?: string | null;
            reason_words?: components["schemas"]["Words"] | null;
            /** @description Since when. */
            since: string;
            /** @description State. */
            state: string;
            /** @description Until when; none while it lasts. */
            until?: string | null;
        };
        /** @description How a camera guards its station. */
        GuardView: {
            /**
             * Format: int64
             * @description Seconds blind since midnight.
             */
            blind_today_s: number;
            /**
             * Format: int64
             * @description Events since midnight.
             */
            intrusions_today: number;
            /** @description Why, of a blind one. */
            reason?: string | null;
            reason_words?: components["schemas"]["Words"] | null;
            /** @description Since when. */
            since: string;
            /** @description `guarded`, `intrusion`, `blind`, `off`. */
            state: string;
        };
        /** @description How a camera guarded its station. */
        GuardsView: {
            /**
             * Format: int64
             * @description Seconds blind.
             */
            blind_s: number;
            /**
             * Format: int64
             * @description Seconds guarded.
             */
            guarded_s: number;
            /**
             * Format: int64
             * @description Seconds with somebody there.
             */
            intrusion_s: number;
            /** @description Ascending. */
            items: components["schemas"]["GuardSpanView"][];
        };
        /** @description Whether the program can do its work. */
        HealthView: {
            /** @description Chains that are broken and can only be read, as they were a moment ago. */
            chains: components["schemas"]["ChainBreakView"][];
            /**
             * Format: int64
             * @description TCP connections of devices.
             */
            connections: number;
            /** @description Room on the disk under the data folder. */
            disk: components["schemas"]["DiskView"];
            /** @description Why not. */
            error?: string | null;
            /**
             * Format: int64
             * @description Writes waiting.
             */
            queued: number;
            /** @description Whether new data is being made durable (and so acknowledged). */
            writable: boolean;
        };
        /** @description A post held now. */
        HeldView: {
            behalf?: components["schemas"]["Words"] | null;
            /** @description Its name. */
            name: components["schemas"]["Words"];
            /** @description Code of the organisation. */
            organisation: string;
            /** @description Role. */
            role: components["schemas"]["RoleView"];
        };
        /**
         * @description How far an import is.
         * @enum {string}
         */
        ImportStateView: "uploaded" | "running" | "done" | "failed";
        /** @description A table with the plan that it is read by. */
        ImportTableView: {
            /**
             * Format: int64
             * @description Rows in all.
             */
            count: number;
            /** @description Names of the columns. */
            header: string[];
            /** @description The import. */
            import: components["schemas"]["ImportView"];
            /** @description The plan it was begun by, or one guessed from the names of the columns. */
            plan: Record<string, unknown>;
            /** @description The first rows. */
            rows: string[][];
        };
        /** @description An import. */
        ImportView: {
            /** @description When. */
            at: string;
            /** @description Who brought it. */
            by: components["schemas"]["PersonView"];
            /**
             * Format: int64
             * @description Rows that are done.
             */
            done: number;
            /** @description Id. */
            id: string;
            /** @description Name of the file. */
            name: string;
            /** @description What was found so far. */
            report?: Record<string, unknown> | null;
            /** @description SHA-256 of them. */
            sha256: string;
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
            /** @description How far it is. */
            state: components["schemas"]["ImportStateView"];
            /**
             * Format: int64
             * @description Of so many.
             */
            total: number;
        };
        /** @description One judgement, newest version of each period first. */
        JudgementView: {
            /** @description Grade. */
            grade: components["schemas"]["GradeView"];
            /** @description Replaces an earlier judgement of the same period, because data came late or changed. */
            supersedes: boolean;
        };
        /** @description The newest value of one point. */
        LatestView: {
            /** @description Stamp. */
            at: string;
            /** @description Kind of period: real, minute, hour, day, cycle. */
            kind: string;
            /** @description Data mark. */
            mark: string;
            /**
             * Format: int64
             * @description The telegram it was read from.
             */
            telegram?: number | null;
            /** @description Value as sent; none with a mark that means no measurement. */
            value?: string | null;
        };
        /** @description A permit limit to be registered. */
        LimitIn: {
            /** @description `at_most`, `at_least` or `between`. */
            bound: string;
            /** @description Clause. */
            cite: string;
            /** @description A number, or `low:high`. */
            value: string;
        };
        /** @description A limit line. */
        LimitView: {
            /** @description `at_most` or `at_least`. */
            bound: string;
            /** @description Standard and clause. */
            cite: string;
            /** @description What it is: `III`, `permit`. */
            label: components["schemas"]["Words"];
            /** @description Value in the point's unit. */
            value: string;
        };
        /**
         * @description Whether data arrives.
         * @enum {string}
         */
        LinkState: "online" | "offline" | "never";
        /** @description What a camera sends now. */
        LiveView: {
            /** @description When the newest picture was taken. */
            at?: string | null;
            /**
             * Format: int64
             * @description The camera's clock less ours, where it tells its own.
             */
            clock_offset_ms?: number | null;
            /** @description Codec. */
            codec?: string | null;
            /**
             * Format: double
             * @description CPU seconds of its programs.
             */
            cpu_s: number;
            /**
             * Format: int64
             * @description Pictures that were dropped because the one before was still being looked at.
             */
            dropped: number;
            /**
             * Format: double
             * @description Pictures a second that are looked at.
             */
            fps: number;
            /** @description Why the detector was given up. */
            given_up?: string | null;
            /**
             * Format: int64
             * @description From a picture's taking until it had been looked at.
             */
            lag_ms: number;
            /**
             * Format: double
             * @description Memory of its programs, MiB.
             */
            memory_mb: number;
            /** @description Columns and rows of what it sends. */
            picture?: number[] | null;
            /**
             * Format: int64
             * @description How often it was begun again.
             */
            restarts: number;
        };
        /** @description Login. */
        LoginIn: {
            /** @description Code of the authenticator, for whoever has a second factor. */
            code?: string | null;
            /** @description Login name. */
            login: string;
            /** @description Password. */
            password: string;
        };
        /** @description Longitude and latitude, WGS 84 degrees. */
        LonLat: {
            /**
             * Format: double
             * @description Latitude.
             */
            lat: number;
            /**
             * Format: double
             * @description Longitude.
             */
            lon: number;
        };
        /** @description Whoever is logged in, with what they may do. */
        MeView: {
            /** @description Whether they have broken the glass: everything they read is written down. */
            glass: boolean;
            /** @description Whether the password was given by somebody else and has to be changed before anything else. */
            must_change_password: boolean;
            /** @description Whether they have to set one up before anything else. */
            must_enrol: boolean;
            /** @description Who. */
            person: components["schemas"]["PersonView"];
            /** @description Posts held now, those of people they stand in for after their own. */
            posts: components["schemas"]["HeldView"][];
            /** @description Rights over at least some rows, in the words of the table of rights. */
            rights: string[];
            /** @description Whether they have a second factor. */
            second_factor: boolean;
            token?: components["schemas"]["TokenKindView"] | null;
        };
        /** @description A measured step. */
        MeasuredView: {
            /** @description Begin of the step. */
            at: string;
            /**
             * Format: double
             * @description Mean of the step.
             */
            value: number;
        };
        /** @description A stretch of the history that cannot be read. */
        MissingView: {
            /** @description From, inclusive. */
            from: string;
            /** @description The segment it lies in. */
            segment: string;
            /** @description To, exclusive. */
            to: string;
        };
        /** @description A node: one of the processes that share the store. */
        NodeView: {
            /** @description Whether it lives. One that is gone without a word is named for ten minutes. */
            alive: boolean;
            /**
             * Format: int64
             * @description TCP connections of devices.
             */
            connections: number;
            /** @description Its id, new at every start. */
            id: string;
            /** @description What it does: `ingest`, `web`, `job`. */
            roles: string[];
            /** @description When it last wrote. */
            seen: string;
            /** @description Since when. */
            started: string;
            /** @description The one that answers. */
            this: boolean;
        };
        /** @description A sentence with its rule. */
        NoteView: {
            /** @description Clause or file of the rule; empty when there is none. */
            rule: string;
            /** @description The sentence. */
            text: string;
        };
        /** @description An organisation to be added or changed. */
        OrganisationIn: {
            /** @description `*` for the whole city, a county's code, or empty for none. */
            area: string;
            /** @description Kind. */
            kind: components["schemas"]["OrganisationKindView"];
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description The one above it. */
            parent?: string | null;
        };
        /**
         * @description Kind of an organisation.
         * @enum {string}
         */
        OrganisationKindView: "bureau" | "branch" | "department" | "township" | "park" | "enterprise" | "bank" | "insurer" | "village" | "expert_body" | "alliance_city" | "contractor" | "public";
        /** @description An organisation. */
        OrganisationView: {
            /** @description `*` for the whole city, a county's code, or empty. */
            area: string;
            /** @description The area's name. */
            area_name: components["schemas"]["Words"];
            /** @description Code. */
            code: string;
            /** @description Kind. */
            kind: components["schemas"]["OrganisationKindView"];
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description The one above it. */
            parent?: string | null;
        };
        /** @description A pack of evidence. */
        PackIn: {
            /** @description With what was recorded instead of copies in which nobody can be recognised. */
            plain: boolean;
            /** @description Why. */
            reason: string;
        };
        /** @description One page of a list: newest first, `next` is the cursor of the following page. */
        Page_AlarmView: {
            /** @description Rows. */
            items: {
                acknowledged_by?: components["schemas"]["Words"] | null;
                /** @description Edition, clause and inputs. */
                basis: Record<string, unknown>;
                /** @description The case it became. */
                case?: string | null;
                /**
                 * Format: int64
                 * @description How often seen.
                 */
                count: number;
                /** @description When it ended. */
                ended?: string | null;
                /** @description Factor code. */
                factor?: string | null;
                /** @description Id. */
                id: string;
                /** @description Kind. */
                kind: components["schemas"]["AlarmKindView"];
                /** @description Last seen. */
                last: string;
                /** @description Limit in words. */
                limit?: string | null;
                /** @description What happened. */
                message: components["schemas"]["Words"];
                /** @description Since when. */
                opened: string;
                /**
                 * Format: int64
                 * @description Point.
                 */
                point?: number | null;
                /** @description State. */
                state: components["schemas"]["AlarmStateView"];
                /** @description Station code. */
                station: string;
                /** @description Station name. */
                station_name: components["schemas"]["Words"];
                /** @description Value that raised it. */
                value?: string | null;
            }[];
            /** @description Give this as `before` to go on; absent on the last page. */
            next?: string | null;
        };
        /** @description One page of a list: newest first, `next` is the cursor of the following page. */
        Page_AuditView: {
            /** @description Rows. */
            items: {
                /** @description What. */
                action: string;
                /** @description SHA-256 of what it is afterwards. */
                after?: string | null;
                /** @description When, RFC 3339. */
                at: string;
                /** @description SHA-256 of what it was before. */
                before?: string | null;
                behalf?: components["schemas"]["PersonView"] | null;
                by?: components["schemas"]["PersonView"] | null;
                /** @description More. */
                detail: Record<string, unknown>;
                /** @description Digest of the chain link. */
                digest: string;
                /** @description From which address. */
                from?: string | null;
                /** @description Whether the glass was broken. */
                glass: boolean;
                /**
                 * Format: int64
                 * @description Place in the chain, from 1.
                 */
                seq: number;
                /** @description Of what. */
                subject: string;
            }[];
            /** @description Give this as `before` to go on; absent on the last page. */
            next?: string | null;
        };
        /** @description One page of a list: newest first, `next` is the cursor of the following page. */
        Page_CaseSummaryView: {
            /** @description Rows. */
            items: {
                assignee?: components["schemas"]["PersonView"] | null;
                /** @description Deadline, while somebody must act. */
                due?: string | null;
                /** @description Id. */
                id: string;
                /** @description Business number. */
                number: string;
                /** @description Opened. */
                opened: string;
                /** @description Deadline passed. */
                overdue: boolean;
                /** @description State. */
                state: components["schemas"]["CaseStateView"];
                /** @description Title. */
                title: string;
            }[];
            /** @description Give this as `before` to go on; absent on the last page. */
            next?: string | null;
        };
        /** @description A parameter of a rule. */
        ParameterView: {
            /** @description Where it comes from. */
            cite: string;
            /** @description Factor; none for every factor without a row of its own. */
            factor?: string | null;
            /** @description How sure the row is. */
            mark: string;
            /** @description Name. */
            name: string;
            /** @description Unit; `1` of a plain number. */
            unit: string;
            /** @description Value. */
            value: string;
        };
        /** @description A change of one's own password. */
        PasswordIn: {
            /** @description The new one. */
            new: string;
            /** @description The present one. */
            old: string;
        };
        /** @description The caller's password, for what asks for it again. */
        PasswordOnlyIn: {
            /** @description Password. */
            password: string;
        };
        /** @description Where a span stands. */
        PeriodView: {
            /** @description What counts is not what was signed last: data came afterwards. */
            changed: boolean;
            /** @description SHA-256 over what counts now; none while nothing is signed. */
            digest?: string | null;
            /**
             * Format: int64
             * @description The edition that is being made, or that is published.
             */
            edition: number;
            /**
             * Format: int64
             * @description The newest published edition.
             */
            published?: number | null;
            /** @description Signatures and returns, oldest first. */
            signatures: components["schemas"]["SignOffView"][];
            /**
             * Format: int64
             * @description The highest level that has signed it.
             */
            signed?: number | null;
            /** @description Span. */
            span: string;
            /** @description Station. */
            station: string;
        };
        /** @description A person, as others may see them. */
        PersonView: {
            /** @description Id. */
            id: string;
            /** @description Login name. */
            login: string;
            /** @description Name. */
            name: components["schemas"]["Words"];
            role?: components["schemas"]["RoleView"] | null;
            /** @description Whether a case can be given to them. */
            takes_cases: boolean;
            /** @description Organisation of that post. */
            unit: components["schemas"]["Words"];
        };
        /** @description What is wanted unblurred, and why. */
        PlainIn: {
            /** @description Name of the file. */
            name: string;
            /** @description Why. */
            reason: string;
        };
        /** @description Which column is what. */
        PlanIn: {
            /** @description The plan, as an import shows one. */
            plan: Record<string, unknown>;
        };
        /** @description One version of a plan. */
        PlanVersionView: {
            /** @description When. */
            made_at: string;
            made_by?: components["schemas"]["PersonView"] | null;
            /** @description Why. */
            note: string;
            /**
             * Format: int64
             * @description Version.
             */
            version: number;
        };
        /** @description What came of a try. */
        PlayedView: {
            /** @description How, and what was answered. */
            detail: components["schemas"]["Words"];
            /**
             * Format: int64
             * @description Milliseconds to the first byte of sound.
             */
            first_byte_ms?: number | null;
            /** @description `sent`, `acknowledged`, `failed`, `silent`. */
            result: string;
        };
        /** @description A point of a station to be registered. */
        PointIn: {
            /**
             * Format: int32
             * @description Decimals shown.
             */
            decimals: number;
            /** @description Factor code, as the device sends it. */
            factor: string;
            limit?: components["schemas"]["LimitIn"] | null;
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description Unit the device sends. */
            unit: string;
        };
        /** @description One factor at one station. */
        PointView: {
            /**
             * Format: int32
             * @description Decimals shown.
             */
            decimals: number;
            /** @description Factor code. */
            factor: string;
            /**
             * Format: int64
             * @description Id.
             */
            id: number;
            /** @description Kinds of period the point has data of. */
            kinds: string[];
            /** @description Newest values. */
            latest: components["schemas"]["LatestView"][];
            /** @description The line drawn in the curve: permit limit, or the boundary of the target class. */
            limits: components["schemas"]["LimitView"][];
            /** @description Factor name. */
            name: components["schemas"]["Words"];
            /** @description Unit of this point. */
            unit: string;
        };
        /** @description A main pollutant of a section. */
        PollutantView: {
            /** @description Factor code. */
            factor: string;
            /** @description Name, as in GB 3838. */
            item: string;
            /** @description How many times over the bound of class III, one decimal; none of pH and dissolved oxygen. */
            times_over?: string | null;
        };
        /** @description A post to be given. */
        PostIn: {
            /** @description Number of the certificate, where the role needs one. */
            certificate?: string | null;
            /** @description Code of the organisation. */
            organisation: string;
            /** @description Id of the person. */
            person: string;
            /** @description Role. */
            role: components["schemas"]["RoleView"];
            /** @description From, RFC 3339; now when absent. */
            since?: string | null;
            /** @description Until, exclusive; without an end when absent. */
            until?: string | null;
        };
        /** @description A post somebody holds, held or will hold. */
        PostView: {
            /** @description Number of the certificate. */
            certificate?: string | null;
            /** @description When it was ended before its time. */
            ended?: string | null;
            given_by?: components["schemas"]["Words"] | null;
            /** @description Whether it is held now. */
            held: boolean;
            /** @description Id. */
            id: string;
            /** @description Code of the organisation. */
            organisation: string;
            /** @description Its name. */
            organisation_name: components["schemas"]["Words"];
            /** @description Who. */
            person: components["schemas"]["PersonView"];
            /** @description Role. */
            role: components["schemas"]["RoleView"];
            /** @description From, RFC 3339. */
            since: string;
            /** @description Until, exclusive. */
            until?: string | null;
        };
        /** @description How often a camera was right, as reviewers say. */
        PrecisionView: {
            /**
             * Format: int64
             * @description Events that somebody has looked at.
             */
            reviewed: number;
            /**
             * Format: int64
             * @description Of those, in which there was somebody or something.
             */
            right: number;
        };
        /** @description A problem, as RFC 9457 tells it, with a stable code. */
        Problem: {
            /** @description Stable code for programs. */
            code: string;
            /** @description Detail, in English, for the log and for developers. */
            detail: string;
            /**
             * Format: int32
             * @description HTTP status.
             */
            status: number;
            /** @description What and where, for people. */
            title: components["schemas"]["Words"];
        };
        /** @description Proof that an entry is under a signed root. */
        ProofView: {
            /** @description Digest algorithm of the link. */
            algorithm: string;
            /** @description The exact text of the entry. */
            body: string;
            /** @description Digest of the link. */
            digest: string;
            /** @description From the link to the root, from below. */
            path: components["schemas"]["AuditStepView"][];
            /** @description Digest of the link before. */
            previous: string;
            /** @description The root. */
            root: components["schemas"]["AuditRootView"];
            /**
             * Format: int64
             * @description Place in the chain, from 1.
             */
            seq: number;
            /** @description Name of the chain. */
            stream: string;
        };
        /** @description A publication. */
        PublicationView: {
            /** @description When. */
            at: string;
            by?: components["schemas"]["PersonView"] | null;
            /** @description Number of the document; empty when it has none. */
            number: string;
            /**
             * Format: int64
             * @description Version of the template; 0 for the built-in one.
             */
            template: number;
        };
        /**
         * @description A quality in words.
         * @enum {string}
         */
        QualityView: "excellent" | "good" | "light" | "medium" | "heavy";
        /** @description Telegrams in quarantine, grouped. */
        QuarantineGroup: {
            /**
             * Format: int64
             * @description How many.
             */
            count: number;
            /** @description Newest. */
            last: string;
            /** @description MN as sent. */
            mn?: string | null;
            /** @description Peer. */
            peer: string;
            /** @description Reason. */
            reason: string;
            /**
             * Format: int64
             * @description Id of the newest.
             */
            telegram: number;
        };
        /** @description Such a place as somebody says it. */
        QuietIn: {
            /** @description Left, top, right, bottom: fractions of the picture. */
            bbox: number[];
            /** @description What it is not. */
            label: string;
            /** @description Why. */
            note: string;
        };
        /** @description A place where something is no person. */
        QuietView: {
            /** @description Left, top, right, bottom: fractions of the picture. */
            bbox: number[];
            /** @description When it ended. */
            ended_at?: string | null;
            /** @description What it is not. */
            label: string;
            /** @description When. */
            made_at: string;
            made_by?: components["schemas"]["PersonView"] | null;
            /**
             * Format: int64
             * @description Number.
             */
            n: number;
            /** @description Why. */
            note: string;
        };
        /** @description Such places. */
        QuietsView: {
            /** @description Oldest first. */
            items: components["schemas"]["QuietView"][];
        };
        /** @description One row of a curve. */
        ReadingView: {
            /** @description When it arrived. */
            arrived: string;
            /** @description Stamp. */
            at: string;
            /** @description Beyond a limit of the point. */
            exceeds: boolean;
            /** @description Other statistics as sent. */
            extra: string;
            /** @description Arrived late (back-filled). */
            late: boolean;
            /** @description Data mark. */
            mark: string;
            /**
             * Format: double
             * @description As a number, for drawing.
             */
            number?: number | null;
            /**
             * Format: int64
             * @description Telegram.
             */
            telegram?: number | null;
            /** @description Value as sent. */
            value?: string | null;
            /**
             * Format: int64
             * @description How many different statements the device has made for this stamp.
             */
            versions: number;
        };
        /** @description Whether this node can be given work. */
        ReadyView: {
            /** @description Each check. */
            checks: components["schemas"]["CheckView"][];
            /** @description All of the checks are good. */
            ready: boolean;
        };
        /** @description How it is recorded. */
        RecordingView: {
            /**
             * Format: int64
             * @description Bytes.
             */
            bytes: number;
            /** @description The oldest that there is. */
            from?: string | null;
            reason?: components["schemas"]["Words"] | null;
            /** @description `recording`, `stopped`, `off`. */
            state: string;
        };
        /** @description What would have been. */
        ReplayEventView: {
            /** @description When. */
            entered_at: string;
            /** @description Fence or line. */
            fence: string;
            /** @description `intrusion`, `crossed` or `left_behind`. */
            kind: string;
            /** @description What it was. */
            label: string;
            /** @description Until when. */
            left_at: string;
            /**
             * Format: double
             * @description Best score.
             */
            score: number;
        };
        /** @description A plan to try. */
        ReplayIn: {
            /** @description From, inclusive. */
            from: string;
            /** @description The plan. */
            plan: Record<string, unknown>;
            /** @description To, exclusive. */
            to: string;
        };
        /** @description An earlier span by another plan. */
        ReplayView: {
            /** @description Events that there were. */
            also: number;
            /**
             * Format: int64
             * @description Seconds of the span in which the camera could see.
             */
            covered_s: number;
            /** @description What would have been. */
            events: components["schemas"]["ReplayEventView"][];
            /** @description Pictures on which somebody was followed. */
            frames: number;
            /** @description Different people and things that were followed. */
            tracks: number;
        };
        /** @description What a report says. */
        ReportBodyView: {
            /** @description Area. */
            area: components["schemas"]["AreaView"];
            /** @description Editions. */
            basis: components["schemas"]["BasisView"][];
            /** @description Chapters. */
            chapters: components["schemas"]["ChapterView"][];
            /** @description Coverage. */
            coverage: components["schemas"]["ReportCoverageView"];
            /** @description Who files it. */
            issuer: string;
            /** @description Notes. */
            notes: components["schemas"]["NoteView"][];
            /** @description The period in Chinese. */
            period_text: string;
            /** @description Title. */
            title: string;
        };
        /** @description What has changed. */
        ReportChangesView: {
            /** @description What has changed. */
            differences: components["schemas"]["DifferenceView"][];
            from?: components["schemas"]["ReportSummaryView"] | null;
            /** @description The later one. */
            to: components["schemas"]["ReportSummaryView"];
        };
        /** @description How much was judged. */
        ReportCoverageView: {
            /**
             * Format: int32
             * @description To be judged.
             */
            due: number;
            /** @description Whether it suffices. */
            enough: boolean;
            /**
             * Format: int32
             * @description Judged.
             */
            have: number;
            /** @description As a sentence in Chinese. */
            sentence: string;
        };
        /**
         * @description Kind of report.
         * @enum {string}
         */
        ReportKindView: "water" | "water_ranking" | "brief" | "data_quality" | "air" | "outlet_compliance" | "transmission";
        /** @description A report to be made. */
        ReportMakeIn: {
            /** @description County's code; empty for the whole city. */
            area?: string;
            /** @description Kind. */
            kind: components["schemas"]["ReportKindView"];
            /** @description Day or span, as `2026-05`. */
            period: string;
        };
        /** @description A page of reports, and what can be made. */
        ReportPageView: {
            /** @description Areas over which the caller may make reports. */
            areas: components["schemas"]["AreaView"][];
            /** @description Reports, newest first. */
            items: components["schemas"]["ReportSummaryView"][];
            /** @description Kinds of which there is a source. */
            kinds: components["schemas"]["ReportKindView"][];
            /** @description Give this as `before` to go on; absent on the last page. */
            next?: string | null;
        };
        /** @description A publication to be made. */
        ReportPublishIn: {
            /** @description Digest of what was read. */
            digest: string;
            /** @description Number of the document (文号); empty when it has none. */
            number?: string;
        };
        /** @description A report as it is listed. */
        ReportSummaryView: {
            /** @description County's code; empty for the whole city. */
            area: string;
            by?: components["schemas"]["PersonView"] | null;
            /** @description SHA-256 of what it says; publishing names it. */
            digest: string;
            /**
             * Format: int64
             * @description From 1 within the edition.
             */
            draft: number;
            /**
             * Format: int64
             * @description From 1; one more than were published before.
             */
            edition: number;
            /** @description Id. */
            id: string;
            /** @description Kind. */
            kind: components["schemas"]["ReportKindView"];
            /** @description When. */
            made: string;
            /** @description Day or span. */
            period: string;
            published?: components["schemas"]["PublicationView"] | null;
            /** @description Title. */
            title: string;
        };
        /** @description A report. */
        ReportView: {
            /** @description What it says. */
            body: components["schemas"]["ReportBodyView"];
            /** @description Whether the caller may publish it: it is the newest draft, and theirs to publish. */
            may_publish: boolean;
            /** @description As it is listed. */
            summary: components["schemas"]["ReportSummaryView"];
        };
        /** @description One right, and how far each role reaches with it. */
        RightRowView: {
            /** @description Reach by role: own, unit, area, all; roles without it are missing. */
            reach: {
                [key: string]: string;
            };
            /** @description Word. */
            right: string;
        };
        /** @description The table of rights as people read it. */
        RightsView: {
            /** @description Rights. */
            rights: components["schemas"]["RightRowView"][];
            /** @description Roles, in the order of the table. */
            roles: components["schemas"]["RoleRowView"][];
        };
        /** @description An indicator by which sections are worse than III. */
        RiverPollutantView: {
            /** @description Factor code. */
            factor: string;
            /** @description Name, as in GB 3838. */
            item: string;
            /**
             * Format: int32
             * @description All sections.
             */
            of: number;
            /**
             * Format: int32
             * @description Sections worse than III by it.
             */
            sections: number;
        };
        /** @description All rivers together. */
        RiverView: {
            /** @description The table of shares has no row for these. */
            between_rows: boolean;
            /** @description `means` of fewer than five sections, `shares` of classes. */
            by: string;
            change?: components["schemas"]["ChangeView"] | null;
            change_of_year?: components["schemas"]["ChangeView"] | null;
            /** @description At most three: name, and sections worse than III by it. */
            main: components["schemas"]["RiverPollutantView"][];
            quality?: components["schemas"]["QualityView"] | null;
        };
        /** @description One role. */
        RoleRowView: {
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description Whether a post in it names a certificate. */
            needs_certificate: boolean;
            /** @description Which. */
            role: components["schemas"]["RoleView"];
        };
        /**
         * @description Role of a person at a post.
         * @enum {string}
         */
        RoleView: "duty_officer" | "reviewer_first" | "reviewer_second" | "reviewer_third" | "case_officer" | "unit_head" | "leader" | "enforcement_officer" | "video_reviewer" | "enterprise_manager" | "bank_officer" | "surveyor" | "accountant" | "cashier" | "auditor" | "citizen" | "system_administrator" | "security_administrator" | "audit_administrator";
        /**
         * @description How much room there is.
         * @enum {string}
         */
        RoomView: "enough" | "low" | "full";
        /** @description A row. */
        RowView: {
            /** @description One for each column. */
            cells: components["schemas"]["CellView"][];
            /** @description What it is of. */
            key: string;
        };
        /** @description A check or detector. */
        RuleView: {
            /** @description `check`, `clue` or `desk`. */
            family: string;
            /** @description Id. */
            id: string;
            measured?: components["schemas"]["DetectorMeasuredView"] | null;
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description Parameters. */
            parameters: components["schemas"]["ParameterView"][];
            /** @description What it says when it has found something; names in braces stand for numbers. */
            says: components["schemas"]["Words"][];
            /**
             * Format: int32
             * @description Version of its parameters.
             */
            version: number;
            /** @description When it is wrong. */
            wrong: components["schemas"]["Words"];
        };
        /** @description The rules. */
        RulesView: {
            /** @description Grounds, by digit. */
            grounds: components["schemas"]["GroundView"][];
            /** @description Checks, detectors, and what the desk itself finds. */
            rules: components["schemas"]["RuleView"][];
        };
        /**
         * @description Which of the interface's scales a grade belongs to.
         * @enum {string}
         */
        Scale: "water" | "air" | "discharge";
        /** @description A schedule to be kept. */
        ScheduleIn: {
            /** @description Whether it makes reports. */
            active: boolean;
            /** @description County's code; empty for the whole city. */
            area?: string;
            /**
             * Format: int32
             * @description Day of the month; a month that is shorter has its last.
             */
            day: number;
            /** @description How often. */
            every: components["schemas"]["EveryView"];
            /**
             * Format: int32
             * @description Hour.
             */
            hour: number;
            /** @description Kind. */
            kind: components["schemas"]["ReportKindView"];
        };
        /** @description A schedule. */
        ScheduleView: {
            /** @description Whether it makes reports. */
            active: boolean;
            /** @description County's code; empty for the whole city. */
            area: string;
            /** @description When. */
            at: string;
            by?: components["schemas"]["PersonView"] | null;
            /**
             * Format: int64
             * @description Day of the month.
             */
            day: number;
            /** @description How often. */
            every: components["schemas"]["EveryView"];
            /**
             * Format: int64
             * @description Hour.
             */
            hour: number;
            /** @description Kind. */
            kind: components["schemas"]["ReportKindView"];
            /**
             * Format: int64
             * @description From 1.
             */
            version: number;
        };
        /** @description One section over a span. */
        SectionView: {
            change?: components["schemas"]["ChangeView"] | null;
            change_of_year?: components["schemas"]["ChangeView"] | null;
            /**
             * Format: int32
             * @description 1 to 5, 6 worse than V; none when not judged.
             */
            class?: number | null;
            /** @description County's code. */
            county: string;
            /**
             * Format: double
             * @description Values that came, of those due, in per cent, of the indicator that had least; none without any.
             */
            coverage_percent?: number | null;
            /**
             * Format: int32
             * @description Indicators with a mean, of those that the method has.
             */
            judged: number;
            /** @description Kind. */
            kind: components["schemas"]["StationKindView"];
            /** @description When it was judged. */
            made: string;
            /** @description At most three, when the class is worse than III. */
            main: components["schemas"]["PollutantView"][];
            /** @description Name. */
            name: components["schemas"]["Words"];
            /**
             * Format: int32
             * @description Of so many.
             */
            of: number;
            quality?: components["schemas"]["QualityView"] | null;
            /** @description Station. */
            station: string;
            /**
             * Format: int32
             * @description Target class.
             */
            target?: number | null;
            /** @description Against it. */
            verdict: components["schemas"]["TargetView"];
            /**
             * Format: int64
             * @description 1 for the first, more when data came late or changed.
             */
            version: number;
        };
        /** @description A session of the caller. */
        SessionView: {
            /** @description From where it was begun. */
            address: string;
            /** @description What the browser says it is. */
            agent: string;
            /** @description Since when, RFC 3339. */
            created: string;
            /** @description Until when at most. */
            expires: string;
            /** @description Id; it opens nothing. */
            id: string;
            /** @description When something was asked last, to a minute. */
            seen: string;
            /** @description Whether it is the one that asks. */
            this: boolean;
        };
        /** @description A count and a share. */
        ShareView: {
            /**
             * Format: int32
             * @description Good.
             */
            good: number;
            /**
             * Format: int32
             * @description Judged now.
             */
            judged: number;
            /**
             * Format: int32
             * @description In all.
             */
            total: number;
        };
        /** @description Signs a span, or gives it back. */
        SignOffIn: {
            /**
             * Format: int64
             * @description At which level, 1 to 3.
             */
            level: number;
            /** @description In which words; a return needs some. */
            note?: string;
            /** @description Given back to the level below instead of signed. */
            returned?: boolean;
            /** @description A day (2026-03-01), week, third of a month, month, quarter or year. */
            span: string;
            /** @description Station. */
            station: string;
        };
        /** @description A signature or return. */
        SignOffView: {
            /** @description When. */
            at: string;
            by?: components["schemas"]["PersonView"] | null;
            /** @description The decision that made this edition. */
            decision?: string | null;
            /** @description SHA-256 over what counted. */
            digest: string;
            /**
             * Format: int64
             * @description Edition, from 1.
             */
            edition: number;
            /**
             * Format: int64
             * @description Level.
             */
            level: number;
            /** @description In which words. */
            note: string;
            /** @description Given back instead of signed. */
            returned: boolean;
            /**
             * Format: int64
             * @description Place among the signatures of the span.
             */
            seq: number;
            /** @description Span. */
            span: string;
            /** @description Station. */
            station: string;
        };
        /** @description What came of speaking once. */
        SpokenView: {
            /** @description When. */
            at: string;
            /** @description How, and what was answered. */
            detail: components["schemas"]["Words"];
            /** @description The event it was about. */
            event?: string | null;
            /**
             * Format: int64
             * @description Milliseconds to the first byte of sound.
             */
            first_byte_ms?: number | null;
            /** @description `sent`, `acknowledged`, `failed`, `silent`. */
            result: string;
        };
        /** @description A station with its points. */
        StationDetail: {
            /** @description Its devices' MNs. */
            devices: string[];
            /** @description Points. */
            points: components["schemas"]["PointView"][];
            /** @description As in the list. */
            station: components["schemas"]["StationView"];
        };
        /** @description Registers a station. */
        StationIn: {
            /** @description Code: letters, digits, - or _. */
            code: string;
            /** @description County's code. */
            county: string;
            /** @description Enterprise's code, of an outlet. */
            enterprise?: string | null;
            /** @description Kind. */
            kind: components["schemas"]["StationKindView"];
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description Place. */
            place: components["schemas"]["LonLat"];
            /** @description Points. */
            points: components["schemas"]["PointIn"][];
            /**
             * Format: int32
             * @description Target class 1 to 5, of a section.
             */
            target?: number | null;
            /** @description Code of the unit that answers for it. */
            unit: string;
            /** @description `river` or `lake`, of a section: the column for total phosphorus. */
            water_body?: string | null;
        };
        /**
         * @description What a station watches.
         * @enum {string}
         */
        StationKindView: "municipal_section" | "boundary_section" | "drinking_source" | "air_station" | "outlet";
        /** @description A station, in the list and on the map. */
        StationView: {
            /**
             * Format: int32
             * @description Open alarms.
             */
            alarms: number;
            /** @description Code. */
            code: string;
            /** @description County. */
            county: components["schemas"]["Words"];
            /** @description Invented for the demonstration. */
            demo: boolean;
            enterprise?: components["schemas"]["Words"] | null;
            grade?: components["schemas"]["GradeView"] | null;
            /** @description Kind. */
            kind: components["schemas"]["StationKindView"];
            /** @description Newest data of any point. */
            last_at?: string | null;
            /** @description Link. */
            link: components["schemas"]["LinkState"];
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description Place. */
            place: components["schemas"]["LonLat"];
            /** @description Where the row comes from. */
            source: components["schemas"]["Words"];
            /**
             * Format: int32
             * @description Target class 1 to 5, of a water section.
             */
            target?: number | null;
            /** @description River or lake column of GB 3838, of a water section. */
            water_body?: string | null;
        };
        /** @description What is known of a point in one civil period. */
        StatisticsRow: {
            /**
             * Format: int64
             * @description Values, whatever their mark; of each stamp the newest.
             */
            count: number;
            /** @description First instant of the period. */
            from: string;
            /**
             * Format: int64
             * @description Values whose mark is another than N: not reckoned with.
             */
            marked: number;
            /**
             * Format: double
             * @description The greatest.
             */
            max?: number | null;
            /**
             * Format: double
             * @description The mean.
             */
            mean?: number | null;
            /**
             * Format: double
             * @description The least.
             */
            min?: number | null;
            /**
             * Format: double
             * @description The sum.
             */
            sum: number;
            /** @description First instant after. */
            to: string;
            /**
             * Format: int64
             * @description Numbers reckoned with.
             */
            valid: number;
        };
        /** @description What is known of a point in each period. */
        StatisticsView: {
            /** @description Kind of period of the values. */
            kind: string;
            /** @description Stretches of the history that cannot be read: they are not reckoned with. */
            missing: components["schemas"]["MissingView"][];
            /**
             * Format: int64
             * @description Point.
             */
            point: number;
            /** @description Periods in which there was something, ascending. */
            rows: components["schemas"]["StatisticsRow"][];
        };
        /** @description Counts for the head of the map. */
        SummaryView: {
            /** @description Air stations; good means AQI of 100 or less. */
            air: components["schemas"]["ShareView"];
            /**
             * Format: int32
             * @description Open alarms.
             */
            alarms_open: number;
            /** @description Boundary sections. */
            boundary: components["schemas"]["ShareView"];
            /**
             * Format: int32
             * @description Cases not closed.
             */
            cases_open: number;
            /**
             * Format: int32
             * @description Cases overdue.
             */
            cases_overdue: number;
            /**
             * Format: int32
             * @description Devices in all.
             */
            devices: number;
            /**
             * Format: int32
             * @description Devices.
             */
            devices_online: number;
            /** @description Municipal sections, and how many of the judged are class II or better. */
            municipal: components["schemas"]["ShareView"];
            /** @description Drinking-water sources. */
            sources: components["schemas"]["ShareView"];
        };
        /** @description What becomes of the doubt. */
        SuspicionIn: {
            /** @description `lift` or `confirm`. */
            act: string;
            /** @description Why. */
            reason: string;
        };
        /** @description A table. */
        TableView: {
            /** @description Columns. */
            columns: components["schemas"]["ColumnView"][];
            /** @description Id. */
            id: string;
            /** @description Notes. */
            notes: components["schemas"]["NoteView"][];
            /** @description Rows. */
            rows: components["schemas"]["RowView"][];
            /** @description Title. */
            title: string;
        };
        /**
         * @description How a class stands to its target.
         * @enum {string}
         */
        TargetView: "not_set" | "not_judged" | "met" | "missed";
        /** @description One problem found in a telegram. */
        TelegramProblem: {
            /** @description Stable code. */
            code: string;
            /** @description Where and what. */
            detail: string;
        };
        /** @description A raw telegram with what was read from it. */
        TelegramView: {
            /** @description Arrival. */
            arrived: string;
            /** @description What the decoder reads: header and data area. */
            decoded: Record<string, unknown>;
            /**
             * Format: int64
             * @description Id.
             */
            id: number;
            /** @description Device. */
            mn?: string | null;
            /** @description Peer address. */
            peer: string;
            /** @description Problems found. */
            problems: components["schemas"]["TelegramProblem"][];
            /** @description Why it lies in quarantine, if it does. */
            quarantine?: string | null;
            /** @description The bytes, with escapes `\xHH`, `\r`, `\n` for what is not text. */
            raw: string;
        };
        /** @description A template. */
        TemplateView: {
            /** @description When; none of the built-in one. */
            at?: string | null;
            by?: components["schemas"]["PersonView"] | null;
            /** @description SHA-256. */
            digest: string;
            /** @description Id. */
            id: string;
            kind?: components["schemas"]["ReportKindView"] | null;
            /** @description Name of its file. */
            name: string;
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
            /**
             * Format: int64
             * @description From 1; 0 of the built-in one.
             */
            version: number;
        };
        /** @description A token to be made. */
        TokenIn: {
            /**
             * Format: int32
             * @description Days that it is good for.
             */
            days: number;
            /** @description What for. */
            kind: components["schemas"]["TokenKindView"];
            /** @description What its person calls it. */
            name: string;
            /** @description Ranges of addresses it is taken from, as `192.0.2.0/24`; a wall screen has at least one. */
            networks?: string[];
            /** @description What it may do at most, in the words of the table of rights; of a wall screen none is named. */
            rights?: string[];
        };
        /**
         * @description What a token is for.
         * @enum {string}
         */
        TokenKindView: "api" | "wall";
        /** @description A new token, shown once. */
        TokenMadeView: {
            /** @description The token itself. */
            secret: string;
            /** @description What is kept of it. */
            token: components["schemas"]["TokenView"];
        };
        /** @description A token of the caller. */
        TokenView: {
            /** @description Since when, RFC 3339. */
            created: string;
            /** @description When it was ended, before its time. */
            ended?: string | null;
            /** @description Until when. */
            expires: string;
            /** @description Whether it still opens something. */
            good: boolean;
            /** @description Id; it opens nothing. */
            id: string;
            /** @description What for. */
            kind: components["schemas"]["TokenKindView"];
            /** @description What its person calls it. */
            name: string;
            /** @description Ranges of addresses it is taken from; none: from anywhere. */
            networks: string[];
            /** @description What it may do at most. */
            rights: string[];
            /** @description When it was used last, to a minute. */
            seen?: string | null;
        };
        /**
         * @description How an hour of air was taken.
         * @enum {string}
         */
        TraceAirKind: "moving" | "calm" | "missing";
        /** @description Somebody below the station. */
        TraceArrivalView: {
            /** @description A boundary section. */
            boundary: boolean;
            /** @description Code of the section or intake. */
            code: string;
            /**
             * Format: double
             * @description What is left of it by dilution, above 0 and at most 1; none when a flow is unknown.
             */
            diluted_to?: number | null;
            /** @description First moment that is possible. */
            earliest: string;
            flows?: components["schemas"]["TraceFlowsBy"] | null;
            /** @description What it is. */
            kind: components["schemas"]["TraceReachedKind"];
            /** @description Last moment at which it begins to arrive. */
            latest: string;
            /** @description At mean velocities. */
            likely: string;
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description It is over by then. */
            passed: string;
            place?: components["schemas"]["LonLat"] | null;
            /** @description It is a station, with a page of its own. */
            station: boolean;
            /** @description How far and how long. */
            travel: components["schemas"]["TraceTravelView"];
        };
        /** @description A section between a candidate and the station. */
        TraceBetweenView: {
            /** @description All water of the candidate passes it. */
            all_pass: boolean;
            /** @description When the water passed it: begin. */
            from: string;
            /** @description What it saw. */
            own: components["schemas"]["TraceOwnView"];
            /** @description Section. */
            station: components["schemas"]["TraceStationView"];
            /** @description End. */
            to: string;
        };
        /** @description Somebody above the station. */
        TraceCandidateView: {
            /** @description Sections between it and the station, in the order of the water. */
            between: components["schemas"]["TraceBetweenView"][];
            /** @description Window of departure: first moment that is possible. */
            from: string;
            /** @description Likely window: begin. */
            likely_from: string;
            /** @description End. */
            likely_to: string;
            /** @description What its own readings say of the window. */
            own: components["schemas"]["TraceOwnView"];
            /** @description What it is made of. */
            parts: components["schemas"]["TracePartView"][];
            /**
             * Format: int32
             * @description From 1; none when ruled out.
             */
            rank?: number | null;
            /** @description Ids of the reaches that its water takes. */
            reaches: string[];
            /** @description Why; of one that is ruled out the last says why. */
            reasons: components["schemas"]["Words"][];
            /**
             * Format: double
             * @description 0 to 1.
             */
            score: number;
            /** @description Station. */
            station: components["schemas"]["TraceStationView"];
            /** @description Last moment that is possible. */
            to: string;
            /** @description How far and how long. */
            travel: components["schemas"]["TraceTravelView"];
        };
        /** @description A flow that was taken. */
        TraceFlowView: {
            /**
             * Format: double
             * @description m3/s.
             */
            m3_s: number;
            /** @description Reach. */
            reach: string;
            station?: components["schemas"]["Words"] | null;
        };
        /**
         * @description Where flows come from.
         * @enum {string}
         */
        TraceFlowsBy: "measured" | "reference";
        /** @description What a station's own readings say of a window. */
        TraceOwnView: {
            /**
             * Format: double
             * @description Share of the window that readings cover, 0 to 1.
             */
            coverage: number;
            /** @description Factor looked at. */
            factor: string;
            /** @description Its name. */
            factor_name: components["schemas"]["Words"];
            /**
             * Format: double
             * @description The reading that departs most from it.
             */
            peak?: number | null;
            /** @description First raised reading. */
            raised_from?: string | null;
            /** @description End of the last raised reading. */
            raised_to?: string | null;
            /** @description What. */
            seen: components["schemas"]["TraceSeen"];
            /** @description Unit. */
            unit: string;
            /**
             * Format: double
             * @description What was usual before.
             */
            usual?: number | null;
        };
        /** @description Part of a score. */
        TracePartView: {
            /** @description `permit`, `own`, `between`, `timing`, `distance`; of air `middle`, `recent`, `own`. */
            name: string;
            /**
             * Format: double
             * @description How much of it is there, 0 to 1.
             */
            value: number;
            /**
             * Format: double
             * @description Weight, 0 to 1.
             */
            weight: number;
        };
        /**
         * @description What is reached.
         * @enum {string}
         */
        TraceReachedKind: "section" | "drinking" | "irrigation" | "industry";
        /** @description The area an hour's air came over. */
        TraceSectorView: {
            /** @description How it was taken. */
            air: components["schemas"]["TraceAirKind"];
            /** @description Corners of the area; the first is not repeated. */
            area: number[][];
            /**
             * Format: double
             * @description Direction the wind comes from, degrees from north by east.
             */
            direction?: number | null;
            /** @description Begin of the hour. */
            from: string;
            /**
             * Format: int32
             * @description Hours back, from 1.
             */
            hour: number;
            /** @description Middle at the begin of the hour. */
            middle: components["schemas"]["LonLat"];
            /**
             * Format: double
             * @description Half width there in km.
             */
            radius_km: number;
            /**
             * Format: double
             * @description Wind speed in m/s.
             */
            speed_m_s?: number | null;
            /** @description End of it. */
            to: string;
        };
        /**
         * @description What was seen in a window.
         * @enum {string}
         */
        TraceSeen: "unwatched" | "absent" | "usual" | "raised" | "exceeded";
        /**
         * @description Which side of the station.
         * @enum {string}
         */
        TraceSide: "up" | "down";
        /** @description A source of air. */
        TraceSourceView: {
            /**
             * Format: int32
             * @description Hours back whose area holds it best; none outside of all.
             */
            hour?: number | null;
            /**
             * Format: double
             * @description Kilometres from the middle line.
             */
            km: number;
            own?: components["schemas"]["TraceOwnView"] | null;
            /** @description What it is made of. */
            parts: components["schemas"]["TracePartView"][];
            /**
             * Format: int32
             * @description From 1; none outside.
             */
            rank?: number | null;
            /** @description Why. */
            reasons: components["schemas"]["Words"][];
            /**
             * Format: double
             * @description 0 to 1.
             */
            score: number;
            /** @description Station. */
            station: components["schemas"]["TraceStationView"];
        };
        /**
         * @description What velocities were taken from.
         * @enum {string}
         */
        TraceSpeedBy: "flow" | "ratio" | "velocities";
        /** @description A station. */
        TraceStationView: {
            /** @description Code. */
            code: string;
            enterprise?: components["schemas"]["Words"] | null;
            /** @description Kind. */
            kind: components["schemas"]["StationKindView"];
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description Place. */
            place: components["schemas"]["LonLat"];
        };
        /** @description A stretch of a reach above or below the station. */
        TraceStretchView: {
            /** @description Travel between its begin and the station. */
            begin: components["schemas"]["TraceTravelView"];
            /** @description What they were taken from. */
            by: components["schemas"]["TraceSpeedBy"];
            /** @description Travel between its end and the station. */
            end: components["schemas"]["TraceTravelView"];
            /**
             * Format: double
             * @description Begin of the stretch in km from the reach's head.
             */
            from_km: number;
            /**
             * Format: double
             * @description Length of the whole reach in km.
             */
            length_km: number;
            /** @description Line of the whole reach, in the direction of the water; empty when it is not drawn. */
            line: number[][];
            /** @description How sure the pack's velocities are. */
            mark: string;
            /** @description Its name. */
            name: components["schemas"]["Words"];
            /** @description Id of the reach. */
            reach: string;
            /** @description Side. */
            side: components["schemas"]["TraceSide"];
            /**
             * Format: double
             * @description End of it.
             */
            to_km: number;
            /** @description Low, mean and high velocity in m/s. */
            velocity: number[];
        };
        /** @description How far and how long water goes. */
        TraceTravelView: {
            /**
             * Format: double
             * @description Seconds at the high velocities.
             */
            fast_s: number;
            /**
             * Format: double
             * @description Kilometres.
             */
            km: number;
            /**
             * Format: double
             * @description Seconds at the mean velocities.
             */
            likely_s: number;
            /**
             * Format: double
             * @description Seconds at the low velocities.
             */
            slow_s: number;
        };
        /** @description How much of a factor's data came. Rates in per cent. */
        TransmissionView: {
            /** @description 传输有效率. */
            combined?: string | null;
            /**
             * Format: int32
             * @description Values due.
             */
            due: number;
            /** @description 有效率. */
            effective?: string | null;
            /**
             * Format: int32
             * @description Values that came.
             */
            received: number;
            /** @description 传输率. */
            transmission?: string | null;
            /**
             * Format: int32
             * @description Valid ones of them.
             */
            valid: number;
        };
        /** @description One version of one value: who said it, when and why. */
        ValueView: {
            /** @description Stamp. */
            at: string;
            /** @description Whether it counts. */
            counts: boolean;
            decision?: components["schemas"]["DecisionView"] | null;
            /** @description It only holds what was published, above what came afterwards. */
            held: boolean;
            /** @description Data mark; `X` of one that a reviewer has declared invalid. */
            mark: string;
            /** @description When it was said. */
            said: string;
            /**
             * Format: int64
             * @description The telegram that says it.
             */
            telegram?: number | null;
            /** @description Value as said. */
            value?: string | null;
            /**
             * Format: int64
             * @description Version, from 1.
             */
            version: number;
        };
        /** @description A decision on values. */
        ValuesDecisionIn: {
            /** @description The document that says it. */
            document?: string | null;
            /** @description From, RFC 3339, inclusive. */
            from: string;
            /** @description Grounds of an invalid value. */
            ground?: string | null;
            /** @description Kind of period: real, minute, hour, day, cycle. */
            kind: string;
            /**
             * Format: int64
             * @description At which level, 1 to 3.
             */
            level: number;
            /** @description In which words. */
            note?: string;
            /**
             * Format: int64
             * @description Point.
             */
            point: number;
            /** @description Station. */
            station: string;
            /** @description To, RFC 3339, exclusive. */
            to: string;
            /** @description Manual value. */
            value?: string | null;
            /** @description `accept`, `invalidate`, `manual`, `restore`. */
            verdict: string;
        };
        /** @description What it was. */
        VerdictIn: {
            /** @description Why. */
            reason: string;
            /** @description Something at that place is no person from now on. */
            remember?: boolean;
            /** @description `person`, `maintenance`, `animal`, `false`. */
            verdict: string;
        };
        /** @description A decision. */
        VisitDecisionIn: {
            /** @description Approved, or refused. */
            approve: boolean;
            /** @description In which words. */
            note?: string;
        };
        /** @description A visit as somebody asks for it. */
        VisitIn: {
            /** @description From. */
            from: string;
            /** @description Telephone number. */
            phone?: string;
            /** @description What for. */
            purpose: string;
            /** @description Station. */
            station: string;
            /** @description To. */
            to: string;
            /** @description From where. */
            unit: string;
            /** @description Who comes. */
            who: string;
        };
        /** @description A loudspeaker as somebody sets it. */
        VoiceIn: {
            /**
             * Format: int64
             * @description The version that was looked at.
             */
            base_version: number;
            /**
             * Format: int32
             * @description Seconds between bouts.
             */
            cooldown_s: number;
            /** @description The way; `keep_address` in it leaves the address as it is. */
            driver: Record<string, unknown>;
            /**
             * Format: int32
             * @description After how many times somebody is called; 0: never.
             */
            escalate_after: number;
            /** @description A recording that is there goes on being played. */
            file?: boolean;
            /**
             * Format: int32
             * @description Seconds between.
             */
            gap_s: number;
            /** @description In which languages. */
            languages: string[];
            /** @description Quiet hours. */
            quiet: number[][];
            /**
             * Format: int32
             * @description How often.
             */
            repeat: number;
            /** @description Text in English. */
            text_en: string;
            /** @description Text in Chinese. */
            text_zh: string;
        };
        /** @description A station's loudspeaker. */
        VoiceView: {
            /**
             * Format: int32
             * @description Seconds between two bouts.
             */
            cooldown_s: number;
            /** @description The way to it: `kind` is `none`, `browser`, `http`, `rtp`, `sip`; without what opens it. */
            driver: Record<string, unknown>;
            /**
             * Format: int32
             * @description After how many times somebody is called to the microphone; 0: never.
             */
            escalate_after: number;
            /** @description Whether a recording is played instead. */
            file: boolean;
            /**
             * Format: int32
             * @description Seconds between two times.
             */
            gap_s: number;
            /** @description In which languages it is said. */
            languages: string[];
            /** @description What came of it lately. */
            last: components["schemas"]["SpokenView"][];
            /** @description When nothing is said: minutes since midnight, from and to. */
            quiet: number[][];
            /**
             * Format: int32
             * @description How often it is said in one bout.
             */
            repeat: number;
            /** @description Text in English. */
            text_en: string;
            /** @description Text in Chinese; `{city}` and `{station}` stand for names. */
            text_zh: string;
            /**
             * Format: int64
             * @description Version; 0 when nobody has said anything of one.
             */
            version: number;
        };
        /** @description The token of a wall screen. */
        WallIn: {
            /** @description The token itself. */
            token: string;
        };
        /** @description What the sections were over a span. */
        WaterSpanView: {
            /** @description The span before. */
            before: string;
            /** @description Editions applied. */
            editions: string[];
            /** @description Its first day. */
            first: string;
            /** @description All of them, then by kind. */
            groups: components["schemas"]["GroupView"][];
            /** @description Its last day. */
            last: string;
            /** @description Method. */
            method: string;
            rivers?: components["schemas"]["RiverView"] | null;
            /** @description Sections, by code. */
            sections: components["schemas"]["SectionView"][];
            /** @description The span. */
            span: string;
            /** @description Sections that were not judged in this span, by code: the span may not be over, or nobody has looked. */
            without: components["schemas"]["WithoutView"][];
            /** @description The same span a year before. */
            year_before?: string | null;
        };
        /** @description Spans in which sections were judged. */
        WaterSpansView: {
            /** @description `2026-W05`, `2026-03-T1`, `2026-03`, `2026-Q1`, `2026`: the greatest text first. */
            spans: string[];
        };
        /** @description Where it came from and where it goes. */
        WaterTraceView: {
            /** @description Sections and intakes below, in the order of arrival. */
            arrivals: components["schemas"]["TraceArrivalView"][];
            /** @description Ways in which velocities were taken, of the stretches below. */
            by: components["schemas"]["TraceSpeedBy"][];
            /** @description Likeliest first. */
            candidates: components["schemas"]["TraceCandidateView"][];
            /** @description Factor. */
            factor: string;
            /** @description Its name. */
            factor_name: components["schemas"]["Words"];
            /** @description Flows that were taken. */
            flows: components["schemas"]["TraceFlowView"][];
            /** @description Begin. */
            from: string;
            /** @description What the station itself saw then. */
            own: components["schemas"]["TraceOwnView"];
            /** @description Reach it lies on. */
            reach: components["schemas"]["Words"];
            /** @description Ruled out, with why. */
            ruled_out: components["schemas"]["TraceCandidateView"][];
            /** @description Rules and their versions. */
            rules: string[];
            /** @description Station of the anomaly. */
            station: components["schemas"]["TraceStationView"];
            /** @description The network above and below. */
            stretches: components["schemas"]["TraceStretchView"][];
            /** @description End. */
            to: string;
            /** @description Its unit. */
            unit: string;
            /** @description Outlets with waste water that the network does not place: nothing can be said of them. */
            unplaced: components["schemas"]["TraceStationView"][];
        };
        /** @description A section that was not judged. */
        WithoutView: {
            /** @description Name. */
            name: components["schemas"]["Words"];
            /** @description Station. */
            station: string;
        };
        /** @description Text in the two languages of the interface. */
        Words: {
            /** @description English. */
            en: string;
            /** @description Chinese. */
            zh: string;
        };
    };
    responses: {
        /** @description A fault of the program (500), no database or a broken chain of records (503), a full disk (507). */
        Failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The caller's role may not do this, or a password or a second factor must be set first. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such thing, or it is not the caller's to see. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is too large. */
        TooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Nobody is logged in, or the session is over. */
        Unauthenticated: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A header, the query or the body is not what is described; `detail` names the field. */
        Unreadable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    alarms: {
        parameters: {
            query?: {
                /** @description States, joined by commas; all when absent. */
                state?: string | null;
                /** @description Station code. */
                station?: string | null;
                /** @description Cursor of the page before. */
                before?: string | null;
                /** @description Rows wanted, 50 by default, 200 at most. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AlarmView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    acknowledge: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    cases: {
        parameters: {
            query?: {
                /** @description State; `unclosed` means all but closed; all when absent. */
                state?: string | null;
                /** @description Only those the caller must act on. */
                mine?: boolean | null;
                /** @description Cursor of the page before. */
                before?: string | null;
                /** @description Rows wanted, 50 by default, 200 at most. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CaseSummaryView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    case_open: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CaseIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaseView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    case: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaseView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    case_act: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CaseActionIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaseView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    evidence_put: {
        parameters: {
            query: {
                /** @description File name as the person knows it. */
                name: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        /** @description The bytes of the file */
        requestBody: {
            content: {
                "application/pdf": number[];
                "image/jpeg": number[];
                "image/png": number[];
                "image/webp": number[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvidenceView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    evidence: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes of the file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": number[];
                    "image/png": number[];
                    "image/webp": number[];
                    "application/pdf": number[];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            "5XX": components["responses"]["Failed"];
        };
    };
    air_spans: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AirSpansView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    air_days: {
        parameters: {
            query: {
                /** @description First day. */
                from: string;
                /** @description Last day. */
                to: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description CSV in UTF-8 with a byte order mark */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    air_span: {
        parameters: {
            query?: {
                /** @description An edition of HJ 633 for all days, `HJ 633-2026`; the edition of each day when absent. */
                edition?: string | null;
            };
            header?: never;
            path: {
                span: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AirSpanView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            "5XX": components["responses"]["Failed"];
        };
    };
    air_versions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                span: string;
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationView"][];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    discharge_spans: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DischargeSpansView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    discharge_span: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                span: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DischargeSpanView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            "5XX": components["responses"]["Failed"];
        };
    };
    discharge_versions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                span: string;
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationView"][];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    forecasts: {
        parameters: {
            query?: {
                /** @description Only of this station; of all when absent. */
                station?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForecastSummaryView"][];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    forecast: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                station: string;
                factor: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForecastView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    imports: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    import_put: {
        parameters: {
            query: {
                /** @description File name as the person knows it. */
                name: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The bytes of the file */
        requestBody: {
            content: {
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": number[];
                "text/csv": number[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportTableView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    import_one: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportTableView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    import_begin: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlanIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    import_check: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlanIn"];
            };
        };
        responses: {
            /** @description What was found */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    import_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes of the file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    judgements_csv: {
        parameters: {
            query: {
                /** @description `water_real`, `aqi_hour` or `discharge_real`. */
                kind: string;
                /** @description From, RFC 3339. */
                from: string;
                /** @description To, RFC 3339, not with it. */
                to: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description CSV in UTF-8 with a byte order mark */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    ranking: {
        parameters: {
            query?: {
                /** @description County's code; all that the caller may see when absent. */
                area?: string | null;
            };
            header?: never;
            path: {
                span: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportBodyView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    ranking_file: {
        parameters: {
            query: {
                /** @description County's code; all that the caller may see when absent. */
                area?: string | null;
                /** @description `docx`, `xlsx`, `pdf` or `csv`. */
                as: string;
                /** @description Id of the one table that is wanted; of `csv` only. */
                table?: string | null;
            };
            header?: never;
            path: {
                span: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes of the file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": number[];
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": number[];
                    "application/pdf": number[];
                    "text/csv": string;
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    schedules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    schedule_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScheduleIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    templates: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TemplateView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    template_put: {
        parameters: {
            query: {
                /** @description Kind of report. */
                kind: components["schemas"]["ReportKindView"];
                /** @description Name of the file. */
                name: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The bytes of the file */
        requestBody: {
            content: {
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document": number[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TemplateView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    template_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes of the file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": number[];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    reports: {
        parameters: {
            query?: {
                /** @description Kind. */
                kind?: components["schemas"]["ReportKindView"] | null;
                /** @description Day or span. */
                period?: string | null;
                /** @description Cursor of the page before. */
                before?: string | null;
                /** @description Rows wanted, 50 by default. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportPageView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    make: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReportMakeIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportSummaryView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    report: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    changes: {
        parameters: {
            query?: {
                /** @description Id of the earlier one; the one made before it when absent. */
                from?: string | null;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportChangesView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    file: {
        parameters: {
            query: {
                /** @description `docx`, `xlsx`, `pdf` or `csv`. */
                as: string;
                /** @description Id of the one table that is wanted; of `csv` only. */
                table?: string | null;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes of the file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": number[];
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": number[];
                    "application/pdf": number[];
                    "text/csv": string;
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    publish: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReportPublishIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportSummaryView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    decide_values: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ValuesDecisionIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecidedView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    findings: {
        parameters: {
            query?: {
                /** @description Station code. */
                station?: string | null;
                /** @description Waiting for this level, 1 to 3. */
                level?: number | null;
                /** @description `open` or `done`; both when absent. */
                state?: string | null;
                /** @description `check`, `clue` or `desk`. */
                family?: string | null;
                /** @description Check or detector. */
                rule?: string | null;
                /** @description Cursor of the page before. */
                after?: string | null;
                /** @description Rows wanted, 50 by default, 200 at most. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FindingsView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    finding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FindingDetail"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    clue_case: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClueCaseIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaseView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    decide: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecisionIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecidedView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    round: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    rules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RulesView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    sign_offs: {
        parameters: {
            query: {
                /** @description Station code. */
                station: string;
                /** @description A day (2026-03-01), week, third of a month, month, quarter or year. */
                span: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PeriodView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    sign_off: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignOffIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PeriodView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    judgements: {
        parameters: {
            query?: {
                /** @description From, RFC 3339; a day before `to` when absent. */
                from?: string | null;
                /** @description To, RFC 3339; now when absent. */
                to?: string | null;
            };
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JudgementView"][];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    summary: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SummaryView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    trace_air: {
        parameters: {
            query: {
                /** @description Station that measures the wind. */
                station: string;
                /** @description Moment to go back from, RFC 3339; now when absent. */
                at?: string | null;
                /** @description Hours to go back, 6 when absent. */
                hours?: number | null;
                /** @description Factor code that is traced; any when absent. */
                factor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AirTraceView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    trace_water: {
        parameters: {
            query: {
                /** @description Station of the anomaly. */
                station: string;
                /** @description Factor code. */
                factor: string;
                /** @description Begin of it, RFC 3339; four hours before `to` when absent. */
                from?: string | null;
                /** @description End of it, RFC 3339; now when absent. At most 14 days after `from`. */
                to?: string | null;
                /** @description Flow at the station in m3/s, when it is known better than by readings. */
                flow?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WaterTraceView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    spans: {
        parameters: {
            query?: {
                /** @description At most so many; 500 when absent. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WaterSpansView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    span: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                span: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WaterSpanView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            "5XX": components["responses"]["Failed"];
        };
    };
    versions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                span: string;
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationView"][];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    events: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    devices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    device_add: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceIn"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    commands: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                mn: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceCommandView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            "5XX": components["responses"]["Failed"];
        };
    };
    command: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                mn: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceCommandIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceCommandView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_cameras: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CamerasView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_camera_add: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CameraIn"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CameraView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_camera: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CameraView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_camera_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CameraIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CameraView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_fences: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FencesView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_fences_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FencesIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FencesView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_guard: {
        parameters: {
            query: {
                /** @description From, inclusive. */
                from: string;
                /** @description To, exclusive. */
                to: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuardsView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_live: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description pictures without end */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "multipart/x-mixed-replace": number[];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_picture: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description JPEG; X-Picture-At says when it was taken */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": number[];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_quiets: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuietsView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_quiet_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QuietIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuietsView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_quiet_end: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                n: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuietsView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_replay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplayIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplayView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_scene: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EyeNoteIn"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_events: {
        parameters: {
            query?: {
                /** @description Station. */
                station?: string | null;
                /** @description Camera. */
                camera?: string | null;
                /** @description Kind. */
                kind?: string | null;
                /** @description State. */
                state?: string | null;
                /** @description Entered from then on. */
                from?: string | null;
                /** @description Entered before. */
                to?: string | null;
                /** @description Cursor of the page before. */
                after?: string | null;
                /** @description Events of the page. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EyeEventsView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_event: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EyeEventDetail"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_case: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EyeNoteIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EyeCaseView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description JPEG or MP4 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            /** @description the part that was asked for */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_pack: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PackIn"];
            };
        };
        responses: {
            /** @description a zip */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": number[];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_plain: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlainIn"];
            };
        };
        responses: {
            /** @description JPEG or MP4 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_suspicion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SuspicionIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EyeEventView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_verdict: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VerdictIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EyeEventView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_report: {
        parameters: {
            query: {
                /** @description As `2026-11`. */
                month: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EyeReportView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_report_csv: {
        parameters: {
            query: {
                /** @description As `2026-11`. */
                month: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description CSV with a byte order mark */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_suspicions: {
        parameters: {
            query: {
                /** @description Station. */
                station: string;
                /** @description From. */
                from: string;
                /** @description To. */
                to: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EyeSuspicionsView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_visits: {
        parameters: {
            query?: {
                /** @description Station. */
                station?: string | null;
                /** @description State. */
                state?: string | null;
                /** @description That end after. */
                from?: string | null;
                /** @description That begin before. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EyeVisitsView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_visit_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VisitIn"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EyeVisitView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_visit_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EyeNoteIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EyeVisitView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_visit_decide: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VisitDecisionIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EyeVisitView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_voice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                station: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VoiceView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_voice_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                station: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VoiceIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VoiceView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_play: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                station: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlayedView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_sound: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                station: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description WAV; X-Sound-From says what made it: file, speech or tone */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "audio/wav": number[];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_sound_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                station: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "audio/wav": number[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VoiceView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    eye_talk: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                station: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": number[];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    geography: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": Record<string, unknown>;
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    curve: {
        parameters: {
            query?: {
                /** @description Kind of period: real, minute, hour, day, cycle. */
                kind?: string | null;
                /** @description From, RFC 3339, inclusive; a day before `to` when absent. */
                from?: string | null;
                /** @description To, RFC 3339, exclusive; now when absent. */
                to?: string | null;
                /** @description About how many points are wanted, 800 by default. */
                buckets?: number | null;
            };
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CurveView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    statistics: {
        parameters: {
            query?: {
                /** @description Kind of period of the values: real, minute, hour, day, cycle. */
                kind?: string | null;
                /** @description From, RFC 3339, inclusive; a year before `to` when absent. */
                from?: string | null;
                /** @description To, RFC 3339, exclusive; now when absent. */
                to?: string | null;
                /** @description Civil periods: day, month (when absent), year. */
                period?: string | null;
            };
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatisticsView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    quarantine: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuarantineGroup"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    stations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StationView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    station_add: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StationIn"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    station: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StationDetail"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    telegram: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TelegramView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    about: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AboutView"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    accounts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    account_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                login: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    audit: {
        parameters: {
            query?: {
                /** @description Id of the person who did it. */
                person?: string | null;
                /** @description What was done. */
                action?: string | null;
                /** @description Of what. */
                subject?: string | null;
                /** @description From, RFC 3339, inclusive. */
                from?: string | null;
                /** @description To, RFC 3339, exclusive. */
                to?: string | null;
                /** @description Cursor of the page before. */
                before?: number | null;
                /** @description Rows wanted, 100 by default, 500 at most. */
                limit?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    roots: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditRootView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    proof: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                seq: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProofView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    delegations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DelegationView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    delegate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DelegationIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DelegationView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    delegation_end: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    glasses: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GlassView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    glass_break: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GlassIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GlassView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    glass_mend: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthView"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeView"];
                };
            };
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    nodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    oidc_begin: {
        parameters: {
            query?: {
                /** @description Path within the interface; the overview when it is missing or leads elsewhere. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description to the house, or back to the login page with a reason */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    oidc_code: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FactorCodeIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    oidc_return: {
        parameters: {
            query?: {
                /** @description Code to be exchanged. */
                code?: string | null;
                /** @description What was sent along. */
                state?: string | null;
                /** @description Why there is no code. */
                error?: string | null;
                /** @description Who answers (RFC 9207). */
                iss?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description into the interface, or back to the login page with a reason */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    organisations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganisationView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    organisation_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrganisationIn"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    change: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordIn"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Forbidden"];
            413: components["responses"]["TooLarge"];
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    people: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    posts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    post_give: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PostIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    post_end: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PostView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    rights: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RightsView"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    begin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordOnlyIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FactorView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Forbidden"];
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    confirm: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FactorCodeIn"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    give_up: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FactorCodeIn"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    session_end: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenView"][];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            "5XX": components["responses"]["Failed"];
        };
    };
    token_make: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenMadeView"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    token_end: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Unreadable"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Forbidden"];
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
    wall: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WallIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MeView"];
                };
            };
            400: components["responses"]["Unreadable"];
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["TooLarge"];
            "5XX": components["responses"]["Failed"];
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliveView"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadyView"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadyView"];
                };
            };
            "5XX": components["responses"]["Failed"];
        };
    };
}
